# In the normal run: this build against itself, started in other ways; with CI set in the environment, against
# other builds as well. By hand, `ninja determinism`: against all of them, which have to be built first.
set(compare ${CMAKE_CURRENT_LIST_DIR}/compare.sh)
if(NOT QUERN_SANITIZE AND CMAKE_BUILD_TYPE STREQUAL Release)
    add_test(NAME determinism.other_starts
             COMMAND ${compare} --seeds 1..3 $<TARGET_FILE:quern-sim>)
    set_tests_properties(determinism.other_starts PROPERTIES TIMEOUT 120)
    # The simulator brings its own allocator; valgrind takes its place.
    find_program(QUERN_VALGRIND valgrind)
    if(QUERN_VALGRIND)
        add_test(NAME determinism.uninitialised_memory
                 COMMAND ${QUERN_VALGRIND} -q --soname-synonyms=somalloc=NONE --error-exitcode=3
                         $<TARGET_FILE:quern-sim> replay 7 --shape small --quiet)
        set_tests_properties(determinism.uninitialised_memory PROPERTIES TIMEOUT 300)
    endif()
    # Builds the simulator twice more: by the other compiler, if there is one, with -O0; and with sanitizers.
    if(DEFINED ENV{CI})
        add_test(NAME determinism.other_build
                 COMMAND ${compare} --seeds 1..10 $<TARGET_FILE:quern-sim> other asan)
        set_tests_properties(determinism.other_build PROPERTIES TIMEOUT 2400 RUN_SERIAL TRUE)
    endif()
endif()
add_custom_target(determinism
                  COMMAND ${compare} --seeds 1..40 $<TARGET_FILE:quern-sim>
                          debug clang clang-debug asan
                  DEPENDS quern-sim USES_TERMINAL VERBATIM)
