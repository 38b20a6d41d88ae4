# Real nodes under faults. In the normal run: what each fault does, short rounds, and rounds that have to be
# found wanting. With CI set in the environment when the tests run: twenty rounds of 30 s with everything that
# the machine allows. By hand, `ninja chaos`: the same, one after the other.
quern_tests(chaos_links ${CMAKE_CURRENT_LIST_DIR} ROOMS chaos TIMEOUT 120)
target_compile_definitions(test_chaos_links PRIVATE QUERN_CHAOS_PROGRAM="$<TARGET_FILE:quern-chaos>")
add_dependencies(test_chaos_links quern-chaos)

# The nodes once more with planted bugs, as quern-sim-planted has them.
file(GLOB sources CONFIGURE_DEPENDS system/daemon/*.cc harness/chaos/planted/*.cc)
add_executable(quernd-planted ${sources} $<TARGET_OBJECTS:quern_planted> system/os/clock.cc
               system/os/clock_offset.cc)
quern_precompiled(quernd-planted tools)
target_compile_definitions(quernd-planted PRIVATE QUERN_PLANTED_BUGS QUERN_CLOCK_OFFSET)
target_link_libraries(quernd-planted PRIVATE quern_node quern_client quern_os)

# Power loss, where FUSE's library is.
find_path(FUSE3_HEADERS fuse3/fuse.h)
find_library(FUSE3_LIBRARY fuse3)
if(FUSE3_HEADERS AND FUSE3_LIBRARY)
    add_executable(quern-chaos-disk ${CMAKE_SOURCE_DIR}/harness/chaos/disk/quern_chaos_disk.cc)
    target_compile_definitions(quern-chaos-disk PRIVATE _FILE_OFFSET_BITS=64)
    target_link_libraries(quern-chaos-disk PRIVATE quern_chaos ${FUSE3_LIBRARY})
    add_dependencies(quern-chaos quern-chaos-disk)
endif()

add_test(NAME chaos.short_rounds_are_good
         COMMAND quern-chaos run --rounds 2 --seconds 8 --faults kill,pause,cut,cut_one_way,power_loss)
add_test(NAME chaos.a_planted_bug_is_found
         COMMAND quern-chaos run --rounds 1 --seconds 30 --faults none
                 --keep ${CMAKE_BINARY_DIR}/chaos_planted --program $<TARGET_FILE:quernd-planted> --bug receipt_without_epoch)
set_tests_properties(chaos.a_planted_bug_is_found PROPERTIES PASS_REGULAR_EXPRESSION "VIOLATION Q[0-9]")
# What is kept of a round is judged by `quern-sim check` as the round was, also for queues that do not become empty.
set_tests_properties(chaos.a_planted_bug_is_found PROPERTIES FIXTURES_SETUP chaos_kept)
add_test(NAME chaos.a_kept_history_says_how_it_was_judged
         COMMAND grep -m1 drain_ms ${CMAKE_BINARY_DIR}/chaos_planted/seed-1/history.jsonl)
set_tests_properties(chaos.a_kept_history_says_how_it_was_judged PROPERTIES FIXTURES_REQUIRED chaos_kept
                     PASS_REGULAR_EXPRESSION "\"drain_ms\":60000" LABELS chaos)
# What is answered before it was synced survives a SIGKILL; a power cut finds it out.
add_test(NAME chaos.an_answer_before_its_sync_is_found
         COMMAND quern-chaos run --rounds 1 --seconds 8 --seed 2 --faults power_loss
                 --keep ${CMAKE_BINARY_DIR}/chaos_power --program $<TARGET_FILE:quernd-planted>
                 --bug ack_before_sync)
set_tests_properties(chaos.an_answer_before_its_sync_is_found PROPERTIES PASS_REGULAR_EXPRESSION
                     "VIOLATION;skipped: power_loss")
# A replica that applies by its own clock answers what follows from no log. Histories look right.
add_test(NAME chaos.an_answer_against_the_log_is_found
         COMMAND quern-chaos run --rounds 1 --seconds 4 --seed 1 --faults none
                 --keep ${CMAKE_BINARY_DIR}/chaos_log --program $<TARGET_FILE:quernd-planted>
                 --bug apply_by_local_clock)
set_tests_properties(chaos.an_answer_against_the_log_is_found PROPERTIES PASS_REGULAR_EXPRESSION
                     "VIOLATION Q4 [^\n]*a lease ends at another time than its holder was told")
# They do, too, if a node restores its state without the tokens that it remembered.
add_test(NAME chaos.a_snapshot_against_the_log_is_found
         COMMAND quern-chaos run --rounds 1 --seconds 8 --seed 4 --faults kill
                 --keep ${CMAKE_BINARY_DIR}/chaos_snapshot --program $<TARGET_FILE:quernd-planted>
                 --bug tokens_not_in_snapshot)
set_tests_properties(chaos.a_snapshot_against_the_log_is_found PROPERTIES PASS_REGULAR_EXPRESSION "VIOLATION R14")
# Entries that no node has any more are told without anyone having to look for them.
add_test(NAME chaos.a_log_with_a_hole_is_found
         COMMAND quern-chaos run --rounds 1 --seconds 8 --seed 2 --faults none
                 --keep ${CMAKE_BINARY_DIR}/chaos_hole --program $<TARGET_FILE:quernd-planted>
                 --bug segments_freed_too_early)
set_tests_properties(chaos.a_log_with_a_hole_is_found PROPERTIES PASS_REGULAR_EXPRESSION
                     "VIOLATION R10 [^\n]*a gap between its snapshot at 0 and its first entry")
set_tests_properties(chaos.short_rounds_are_good chaos.a_planted_bug_is_found
                     chaos.an_answer_before_its_sync_is_found chaos.an_answer_against_the_log_is_found
                     chaos.a_snapshot_against_the_log_is_found chaos.a_log_with_a_hole_is_found
                     PROPERTIES TIMEOUT 300 LABELS chaos RUN_SERIAL ON)
# The first one to start, as nothing lasts longer.
add_test(NAME chaos.twenty_rounds
         COMMAND ${CMAKE_CURRENT_LIST_DIR}/twenty_rounds.sh $<TARGET_FILE:quern-chaos>)
set_tests_properties(chaos.twenty_rounds PROPERTIES TIMEOUT 1200 LABELS chaos COST 1000 SKIP_RETURN_CODE 77)
add_custom_target(chaos COMMAND quern-chaos run --rounds 20 --seconds 30 USES_TERMINAL)
