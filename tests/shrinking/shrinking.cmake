add_test(NAME shrinking.whole_plans_are_minimal
         COMMAND ${CMAKE_SOURCE_DIR}/tests/shrinking/minimal.sh $<TARGET_FILE:quern-sim-planted>
                 receipt_without_epoch vote_ignores_log snapshot_drops_leases)
set_tests_properties(shrinking.whole_plans_are_minimal PROPERTIES TIMEOUT 120)
