// The checkers: each judges a whole history by some invariants of faults.md's list, knowing nothing but
// what clients asked and were told. Linear in the history but for sorting.
//
// Log indexes in answers are upper bounds of where an operation took effect (an answer to a repeated
// request carries the index of the repetition); what was answered before an operation was invoked is a
// lower bound. A checker calls a violation only what no order within these bounds explains.
#pragma once

#include "harness/history_index.h"
#include "harness/verdict.h"

namespace quern::harness {

struct CheckOptions {
    // Time of day at the start of the history, by a clock that is right; 0: none, or too many nodes'
    // clocks were wrong for cluster time to be held against it.
    int64_t started_wall_ms = 0;
    // By how much cluster time may differ from it.
    int64_t clock_slack_ms = 1'000;
    // A permission that was taken away may be used so long after (Q19); 0: not judged.
    int64_t revocation_ms = 0;
    // Contents were damaged on disks: who receives a damaged message may get nothing instead.
    bool damage = false;
    // Nothing was in the way of anybody: a receive that waits gets a message so soon after it was sent;
    // 0: not judged.
    int64_t prompt_ms = 0;
    // Nothing keeps a message from who empties the queues after the faults: so long after the last one that
    // was removed the queue is empty (L3); 0: not judged.
    int64_t drain_ms = 0;
};

// Q1: what was accepted and not justly removed was there when the queues were drained. Needs
// History::drained.
void check_no_loss(const HistoryIndex& index, Verdict& verdict);
// Q2 no phantom, Q10 one effect per request, Q11 unique ids, Q12 integrity, Q13 honest errors.
void check_origin(const HistoryIndex& index, Verdict& verdict);
// Q3 no resurrection.
void check_deleted(const HistoryIndex& index, Verdict& verdict);
// Q4 lease exclusion, Q6 receive counts.
void check_leases(const HistoryIndex& index, Verdict& verdict);
// Q5 receipt fencing.
void check_receipts(const HistoryIndex& index, Verdict& verdict);
// Q14: counters of every status against what clients did; the queue size is never overshot (S).
void check_counters(const HistoryIndex& index, Verdict& verdict);
// Q15: delays, retention, and cluster time itself.
void check_time(const HistoryIndex& index, const CheckOptions& options, Verdict& verdict);
// Q13 and Q18: a queue is there until somebody may have deleted it.
void check_existence(const HistoryIndex& index, Verdict& verdict);
// Q17 purge fence, Q18 incarnation fence.
void check_fences(const HistoryIndex& index, Verdict& verdict);
// Q19: a revoked permission is of no use, and one that was granted is.
void check_access(const HistoryIndex& index, const CheckOptions& options, Verdict& verdict);
// Q20 and R13: no answer shows a log older than an answer that was out before the question.
void check_positions(const HistoryIndex& index, Verdict& verdict);

// Q7 order within a FIFO group, Q8 its gate.
void check_fifo(const HistoryIndex& index, Verdict& verdict);
// Q9: sends of one deduplication id within the window are one message, and outside it two.
void check_deduplication(const HistoryIndex& index, const CheckOptions& options, Verdict& verdict);
// Q16 one live copy of a dead letter, its count begins anew; L11 poison becomes a dead letter.
void check_dead_letters(const HistoryIndex& index, Verdict& verdict);
// L2: what was asked is answered in time; L10: so is a change of members, and for certain.
void check_answered(const HistoryIndex& index, Verdict& verdict);
// L3: who empties a queue after the faults comes to an end.
void check_drained(const HistoryIndex& index, const CheckOptions& options, Verdict& verdict);
// L5: nobody is told that a queue is empty while a message lies there to be had; L4: nor while a lease
// that has ended keeps one away.
void check_emptiness(const HistoryIndex& index, const CheckOptions& options, Verdict& verdict);
// L12 recovery from overload, L13 fairness, L14 one slow node, from the phases of the history.
void check_phases(const HistoryIndex& index, Verdict& verdict);
// Whether they say anything: a pair of phases is there, and the first of them went well.
bool phases_tell(const History& history);

// All of them.
void check_history(const History& history, const CheckOptions& options, Verdict& verdict);

}  // namespace quern::harness
