// One holder at a time, and what becomes of receipts: Q3, Q4, Q5, Q6.
#include <algorithm>

#include <fmt/format.h>

#include "harness/checkers.h"

namespace quern::harness {

namespace {

std::string name_of(MessageKey key) {
    return fmt::format("message {} of queue {}", key.second.value, key.first.value);
}

// The cluster time at which the lease was taken, or something later.
ClusterTime taken_at(const OpPart& lease) {
    const Operation& op = *lease.op;
    if (lease.seen().epoch.value == 1) return lease.seen().first_received;
    if (op.visibility_ms < 0) return op.at.time;
    return std::min(op.at.time, lease.seen().leased_until.plus_ms(-op.visibility_ms));
}

// The earliest time at which the lease can have ended by itself, given who tried to change it.
ClusterTime ends_at_least(const MessageStory& story, const OpPart& lease) {
    const SeenMessage& seen = lease.seen();
    ClusterTime end = seen.leased_until;
    for (const OpPart& change : story.changes) {
        if (change.use().receipt.epoch != seen.epoch || !change.op->possible()) continue;
        end = std::min(end, seen.sent.plus_ms(change.use().visibility_ms));
        if (change.use().visibility_ms == 0) end = ClusterTime{0};
    }
    return end;
}

// A receive between those moments may have taken a lease that no answer told of: its answer was lost, or it
// was asked twice and the second answer left out leases that had ended, or bodies that were damaged.
bool hidden_lease_possible(const HistoryIndex& index, const OpPart* lease, const OpPart& use) {
    const int64_t from_ns = lease != nullptr ? lease->op->returned_ns : 0;
    for (const Operation* op : index.queue(use.op->queue).receives) {
        if (op->invoked_ns >= use.op->returned_ns) break;
        if (op->possible() && op->settled_ns() > from_ns) return true;
    }
    return false;
}

const OpPart* lease_of_epoch(const MessageStory& story, LeaseEpoch epoch) {
    for (const OpPart& lease : story.leases) {
        if (lease.seen().epoch == epoch) return &lease;
    }
    return nullptr;
}

// Whether the receipt still counted when `use` was certain to have happened: nobody can have taken
// the message again before.
bool certainly_current(const HistoryIndex& index, const MessageStory& story, const OpPart& use) {
    const LeaseEpoch epoch = use.use().receipt.epoch;
    if (const OpPart* next = lease_of_epoch(story, epoch.next())) {
        return next->op->invoked_ns > use.op->returned_ns ||
               index.after(*next->op) >= use.op->at.index;
    }
    // A later lease whose number leaves a gap shows that somebody took the message unseen, perhaps before.
    for (const OpPart& lease : story.leases) {
        if (lease.seen().epoch > epoch) return false;
    }
    return !hidden_lease_possible(index, lease_of_epoch(story, epoch), use);
}

}  // namespace

void check_deleted(const HistoryIndex& index, Verdict& verdict) {
    for (const auto& [key, story] : index.messages()) {
        for (const OpPart& deletion : story.deletes) {
            if (!deletion.op->ok() || deletion.use().result != ErrorCode::ok) continue;
            auto later = [&](const OpPart& part) {
                return part.op->invoked_ns > deletion.op->returned_ns;
            };
            const OpPart* seen = nullptr;
            for (const OpPart& lease : story.leases) {
                if (later(lease) && seen == nullptr) seen = &lease;
            }
            for (const OpPart& peek : story.peeks) {
                if (later(peek) && seen == nullptr) seen = &peek;
            }
            if (seen == nullptr || !certainly_current(index, story, deletion)) continue;
            verdict.add("Q3", fmt::format("{} came back after it was deleted: {}; deleted by {}",
                                          name_of(key), to_string(*seen->op),
                                          to_string(*deletion.op)),
                        seen->op->returned_ns);
        }
    }
}

void check_leases(const HistoryIndex& index, Verdict& verdict) {
    for (const auto& [key, story] : index.messages()) {
        for (size_t i = 0; i < story.leases.size(); ++i) {
            const OpPart& lease = story.leases[i];
            const SeenMessage& seen = lease.seen();
            if (seen.receive_count < i + 1) {
                verdict.add("Q6", fmt::format("{} was received {} times and says {}: {}", name_of(key),
                                              i + 1, seen.receive_count, to_string(*lease.op)),
                            lease.op->returned_ns);
            }
            if (i == 0) continue;
            const OpPart& before = story.leases[i - 1];
            if (seen.receive_count <= before.seen().receive_count) {
                verdict.add("Q6", fmt::format("the receive count of {} did not grow: {} after {}",
                                              name_of(key), to_string(*lease.op),
                                              to_string(*before.op)),
                            lease.op->returned_ns);
            }
            if (lease.op->returned_ns < before.op->invoked_ns) {
                verdict.add("Q6", fmt::format("leases of {} went back: {} before {}", name_of(key),
                                              to_string(*lease.op), to_string(*before.op)),
                            before.op->returned_ns);
            }
            const ClusterTime until = ends_at_least(story, before);
            if (taken_at(lease) < until) {
                verdict.add("Q4", fmt::format("{} was handed out at T={} while leased until {}: {}; "
                                              "leased by {}",
                                              name_of(key), taken_at(lease).ms, until.ms,
                                              to_string(*lease.op), to_string(*before.op)),
                            lease.op->returned_ns);
            }
        }
    }
}

void check_receipts(const HistoryIndex& index, Verdict& verdict) {
    for (const Operation& op : index.history().operations) {
        if (!op.ok()) continue;
        for (const ReceiptUse& use : op.receipts) {
            const bool of_this_queue = use.genuine && use.receipt.queue == op.at.queue;
            if (of_this_queue || use.result == ErrorCode::receipt_invalid) continue;
            verdict.add("Q5", "a receipt that is forged or another queue's was taken: " + to_string(op),
                        op.returned_ns);
        }
    }
    // A lease that was taken anew cannot be changed by its earlier holder.
    for (const auto& [key, story] : index.messages()) {
        for (const OpPart& change : story.changes) {
            if (!change.op->ok() || change.use().result != ErrorCode::ok) continue;
            for (const OpPart& lease : story.leases) {
                if (lease.seen().epoch <= change.use().receipt.epoch) continue;
                const bool before = lease.op->returned_ns < change.op->invoked_ns;
                if (!before) continue;
                verdict.add("Q5", fmt::format("a stale receipt of {} changed its lease: {}; it was "
                                              "taken again by {}",
                                              name_of(key), to_string(*change.op),
                                              to_string(*lease.op)),
                            change.op->returned_ns);
                break;
            }
        }
    }
}

}  // namespace quern::harness
