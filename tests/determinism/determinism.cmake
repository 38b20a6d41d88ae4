# In the normal run: this build against one other. By hand, `ninja determinism`: against all.
set(compare ${CMAKE_CURRENT_LIST_DIR}/compare.sh)
if(NOT QUERN_SANITIZE AND CMAKE_BUILD_TYPE STREQUAL Release)
    add_test(NAME determinism.other_build
             COMMAND ${compare} --seeds 1..3 $<TARGET_FILE:quern-sim> other)
    set_tests_properties(determinism.other_build PROPERTIES TIMEOUT 1200 RUN_SERIAL ON)
endif()
add_custom_target(determinism
                  COMMAND ${compare} --seeds 1..40 $<TARGET_FILE:quern-sim>
                          debug clang clang-debug asan
                  DEPENDS quern-sim USES_TERMINAL VERBATIM)
