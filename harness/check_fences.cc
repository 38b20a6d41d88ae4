// Fences and order: Q17 purge, Q18 incarnations, Q19 revoked permissions, Q20 and R13 positions.
#include <algorithm>

#include <fmt/format.h>

#include "harness/checkers.h"

namespace quern::harness {

namespace {

// What was accepted before a purge was asked for is not seen by who asks after it was done.
void check_purges(const HistoryIndex& index, Verdict& verdict) {
    for (const auto& [key, story] : index.messages()) {
        if (story.sends.empty()) continue;
        const Operation& send = *story.sends[0].op;
        for (const Operation* purge : index.queue(send.queue).purges) {
            if (!purge->ok() || purge->at.queue != key.first) continue;
            if (send.returned_ns >= purge->invoked_ns) continue;
            for (const auto* parts : {&story.leases, &story.peeks}) {
                for (const OpPart& seen : *parts) {
                    if (seen.op->invoked_ns <= purge->returned_ns) continue;
                    verdict.add("Q17", fmt::format("a purged message came back: {}; purged by {}",
                                                   to_string(*seen.op), to_string(*purge)),
                                seen.op->returned_ns);
                }
            }
        }
    }
}

// The earliest moment at which each incarnation was certainly deleted.
std::map<QueueId, const Operation*> deletions(const HistoryIndex& index) {
    std::map<QueueId, const Operation*> deleted;
    for (const auto& [name, story] : index.queues()) {
        for (const Operation* op : story.deletions) {
            if (!op->ok() || !op->at.queue) continue;
            auto [found, fresh] = deleted.try_emplace(op->at.queue, op);
            if (!fresh && op->returned_ns < found->second->returned_ns) found->second = op;
        }
    }
    return deleted;
}

// Answers to the owner of a name say which queue has it; those without an index are of no group.
bool names_incarnation(const Operation& op) {
    if (!op.ok() || !op.at.queue || op.queue.empty()) return false;
    return op.at.index || op.kind == OpKind::create_queue || op.kind == OpKind::delete_queue ||
           op.kind == OpKind::set_attributes;
}

// For each name and incarnation when an answer first named that one or a later one. Ids of a name rise.
std::map<std::string, std::map<QueueId, int64_t>> successions(const HistoryIndex& index) {
    std::map<std::string, std::map<QueueId, int64_t>> seen;
    for (const Operation& op : index.history().operations) {
        if (!names_incarnation(op)) continue;
        int64_t& first = seen[op.queue].try_emplace(op.at.queue, never_ns).first->second;
        first = std::min(first, op.returned_ns);
    }
    for (auto& [name, incarnations] : seen) {
        int64_t first = never_ns;
        for (auto at = incarnations.rbegin(); at != incarnations.rend(); ++at) {
            at->second = first = std::min(first, at->second);
        }
    }
    return seen;
}

// A queue is made anew only after the older one of its name is gone.
void check_succession(const HistoryIndex& index, Verdict& verdict) {
    const auto seen = successions(index);
    for (const Operation& op : index.history().operations) {
        if (!names_incarnation(op)) continue;
        const auto& incarnations = seen.at(op.queue);
        const auto later = incarnations.upper_bound(op.at.queue);
        if (later == incarnations.end() || later->second >= op.invoked_ns) continue;
        verdict.add("Q18", fmt::format("an older incarnation took effect although queue {} or a later one of its name had "
                                       "answered before this was asked: {}",
                                       later->first.value, to_string(op)),
                    op.returned_ns);
    }
}

void check_incarnations(const HistoryIndex& index, Verdict& verdict) {
    const std::map<QueueId, const Operation*> deleted = deletions(index);
    std::map<QueueId, std::string> names;
    for (const Operation& op : index.history().operations) {
        if (!op.ok() || !op.at.queue || op.queue.empty()) continue;
        const auto [name, fresh] = names.try_emplace(op.at.queue, op.queue);
        if (name->second != op.queue) {
            verdict.add("Q11", fmt::format("queue id {} names both {} and {}: {}", op.at.queue.value,
                                           name->second, op.queue, to_string(op)),
                        op.returned_ns);
        }
        const auto gone = deleted.find(op.at.queue);
        if (gone == deleted.end() || op.invoked_ns <= gone->second->returned_ns) continue;
        verdict.add("Q18", fmt::format("a deleted incarnation took effect: {}; deleted by {}",
                                       to_string(op), to_string(*gone->second)),
                    op.returned_ns);
    }
}

}  // namespace

void check_fences(const HistoryIndex& index, Verdict& verdict) {
    check_purges(index, verdict);
    check_incarnations(index, verdict);
    check_succession(index, verdict);
}

namespace {

// A refusal is the catalogue's word: what was granted before it was asked holds.
void check_granted(const Operation& op, const std::vector<const Operation*>& changes,
                   Verdict& verdict) {
    if (op.error != ErrorCode::access_denied || op.outcome == OpOutcome::ok) return;
    // Until when something may have been revoked; what is of unknown outcome may come late.
    int64_t revoked_ns = -1;
    for (const Operation* change : changes) {
        if (change->invoked_ns >= op.returned_ns) break;
        if (change->kind != OpKind::revoke || !change->possible()) continue;
        revoked_ns = std::max(revoked_ns, change->ok() ? change->returned_ns : never_ns);
    }
    const Operation* last = nullptr;
    for (const Operation* change : changes) {
        const bool granted = change->kind == OpKind::grant && change->ok() &&
                             change->invoked_ns >= revoked_ns && change->returned_ns < op.invoked_ns;
        if (granted) last = change;
    }
    if (last == nullptr) return;
    verdict.add("Q19", fmt::format("refused though it was granted: {}; granted by {}", to_string(op),
                                   to_string(*last)),
                op.returned_ns);
}

}  // namespace

// Each grant and revocation is of all that the user may do. Of two that overlap either may be the last.
void check_access(const HistoryIndex& index, const CheckOptions& options, Verdict& verdict) {
    if (options.revocation_ms == 0) return;
    std::map<std::string, std::vector<const Operation*>> changes;
    for (const Operation& op : index.history().operations) {
        if (op.kind == OpKind::grant || op.kind == OpKind::revoke) changes[op.subject].push_back(&op);
    }
    for (const Operation& op : index.history().operations) {
        const auto found = changes.find(op.user);
        if (found == changes.end()) continue;
        check_granted(op, found->second, verdict);
        if (!op.ok()) continue;
        const Operation* last = nullptr;
        bool may_be_granted = false;  // by a grant of unknown outcome
        for (const Operation* change : found->second) {
            if (change->invoked_ns >= op.returned_ns) break;
            if (change->ok()) last = change;
            may_be_granted |= change->kind == OpKind::grant && change->possible() && !change->ok();
        }
        if (may_be_granted) continue;
        if (last == nullptr || last->kind != OpKind::revoke) continue;
        const int64_t bound = last->returned_ns + options.revocation_ms * 1'000'000;
        if (op.invoked_ns <= bound) continue;
        const bool overlapped =
            std::any_of(found->second.begin(), found->second.end(), [&](const Operation* change) {
                return change->kind == OpKind::grant && change->ok() &&
                       change->invoked_ns < last->returned_ns && change->returned_ns > last->invoked_ns;
            });
        if (overlapped) continue;
        verdict.add("Q19", fmt::format("{} ms after its permission was revoked: {}; revoked by {}",
                                       (op.invoked_ns - last->returned_ns) / 1'000'000, to_string(op),
                                       to_string(*last)),
                    op.returned_ns);
    }
}

void check_positions(const HistoryIndex& index, Verdict& verdict) {
    for (const Operation& op : index.history().operations) {
        if (!op.ok() || !op.at.index || op.at.index >= index.after(op)) continue;
        verdict.add("Q20", fmt::format("index {} had been answered before this was asked: {}",
                                       index.after(op).value, to_string(op)),
                    op.returned_ns);
    }
}

void check_history(const History& history, const CheckOptions& options, Verdict& verdict) {
    const HistoryIndex index(history);
    check_no_loss(index, verdict);
    check_origin(index, verdict);
    check_deleted(index, verdict);
    check_leases(index, verdict);
    check_receipts(index, verdict);
    check_counters(index, verdict);
    check_time(index, options, verdict);
    check_fences(index, verdict);
    check_existence(index, verdict);
    check_access(index, options, verdict);
    check_positions(index, verdict);
    check_fifo(index, verdict);
    check_deduplication(index, options, verdict);
    check_dead_letters(index, verdict);
    check_answered(index, verdict);
    check_drained(index, options, verdict);
    check_emptiness(index, options, verdict);
    check_phases(index, verdict);
}

}  // namespace quern::harness
