# In the normal run: this build against itself, started in other ways. By hand, `ninja determinism`: against
# others, which have to be built first.
set(compare ${CMAKE_CURRENT_LIST_DIR}/compare.sh)
if(NOT QUERN_SANITIZE AND CMAKE_BUILD_TYPE STREQUAL Release)
    add_test(NAME determinism.other_starts
             COMMAND ${compare} --seeds 1..3 $<TARGET_FILE:quern-sim>)
    set_tests_properties(determinism.other_starts PROPERTIES TIMEOUT 120)
endif()
add_custom_target(determinism
                  COMMAND ${compare} --seeds 1..40 $<TARGET_FILE:quern-sim>
                          debug clang clang-debug asan
                  DEPENDS quern-sim USES_TERMINAL VERBATIM)
