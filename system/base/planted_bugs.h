// The list of planted bugs: name, room, what goes wrong. By room, in the order of docs/faults.md.
#pragma once

#define QUERN_PLANTED_BUG_LIST(X)                                                                      \
    /* storage */                                                                                      \
    X(ack_before_sync, "storage", "a WAL write is called durable before it is synced")                 \
    /* raft */                                                                                         \
    X(vote_cleared_on_step_down, "raft", "a step down within a term forgets the vote")                 \
    X(commit_of_old_term, "raft", "entries of earlier terms are committed by counting replicas")       \
    /* queue */                                                                                        \
    X(receipt_without_epoch, "queue", "a receipt of an earlier lease still deletes and changes")       \
    X(counter_drift, "queue", "a delayed message that becomes ready stays counted as delayed")
