# Histories in files, judged by the program as anybody would have them judged (docs/formats/history.md).
function(quern_history_test history status words)
    add_test(NAME check.${history}
             COMMAND ${CMAKE_SOURCE_DIR}/tests/histories/check.sh $<TARGET_FILE:quern-sim>
                     ${CMAKE_SOURCE_DIR}/tests/histories/${history}.jsonl ${status} ${words})
endfunction()

quern_history_test(good 0 "0 violations, 11 operations")
quern_history_test(lost 1 "VIOLATION Q1 at")
quern_history_test(leased_twice 1 "VIOLATION Q4 at")
quern_history_test(other_bytes 1 "VIOLATION Q12 at")
quern_history_test(refused_and_there 1 "VIOLATION Q13 at")
quern_history_test(older_log 1 "VIOLATION Q20 at")
quern_history_test(never_empty 1 "VIOLATION L3 at")
quern_history_test(cut 2 "line 12: the last line is")
quern_history_test(no_number 2 "line 5: invoked_ns: a number from 0 to")
quern_history_test(no_json 2 "line 6: not a JSON object")
quern_history_test(not_there 2 "cannot be read")
