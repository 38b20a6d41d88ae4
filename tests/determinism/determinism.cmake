# In the normal run: this build against itself, started in other ways, and in valgrind; with CI set in the
# environment, against other builds as well. By hand, `ninja determinism`: against all of them.
set(compare ${CMAKE_CURRENT_LIST_DIR}/compare.sh)
if(NOT QUERN_SANITIZE AND CMAKE_BUILD_TYPE STREQUAL Release)
    add_test(NAME determinism.other_starts
             COMMAND ${compare} --seeds 1..3 $<TARGET_FILE:quern-sim>)
    set_tests_properties(determinism.other_starts PROPERTIES TIMEOUT 120)
    # Seeds that take valgrind some seconds each; together they meet most kinds of faults: crashes with
    # torn writes (3), rotten disks (10), failing writes and syncs (13), short reads and a stuck disk (14),
    # links that clog (19), slow and corrupting links (23).
    foreach(seed "7 --shape small" 3 10 13 14 19 23)
        separate_arguments(words UNIX_COMMAND "${seed}")
        list(GET words 0 number)
        set(name determinism.uninitialised_memory_${number})
        add_test(NAME ${name} COMMAND ${CMAKE_CURRENT_LIST_DIR}/uninitialised.sh $<TARGET_FILE:quern-sim> ${words})
        set_tests_properties(${name} PROPERTIES TIMEOUT 300 SKIP_RETURN_CODE 77)
    endforeach()
    # Builds the simulator twice more: by the other compiler with -O0, and with sanitizers.
    add_test(NAME determinism.other_build
             COMMAND ${compare} --in-ci --seeds 1..10 $<TARGET_FILE:quern-sim> other asan)
    set_tests_properties(determinism.other_build PROPERTIES TIMEOUT 2400 RUN_SERIAL TRUE SKIP_RETURN_CODE 77)
endif()
add_custom_target(determinism
                  COMMAND ${compare} --seeds 1..40 $<TARGET_FILE:quern-sim>
                          debug clang clang-debug asan
                  DEPENDS quern-sim USES_TERMINAL VERBATIM)
