// What must happen at last, as far as clients can tell: L2, L4, L5, L10, L12, L13, L14.
#include <algorithm>

#include <fmt/format.h>

#include "harness/checkers.h"

namespace quern::harness {

namespace {

constexpr int64_t ms_ns = 1'000'000;
// Answers may come so long after their deadline: a frame on its way, a busy loop.
constexpr int64_t grace_ns = 5'000 * ms_ns;
// A lease that has ended is noticed so late at most.
constexpr int64_t sweep_ms = 3'000;
constexpr uint64_t leased_bound_far = 10'000;  // queues with a lower bound may keep messages back

// A time in which a message of a queue was there to be had.
struct Offer {
    int64_t from_ns = 0;
    int64_t until_ns = 0;
    const Operation* taken = nullptr;
    const char* invariant = "L5";
};

// From the answer to its send until somebody asks for it and gets it, for the first time.
void add_first_offer(const HistoryIndex& index, const MessageStory& story, std::vector<Offer>& offers) {
    const OpPart& send = story.sends[0];
    const int64_t delay = send.sent().delay_ms;
    if (delay > 0 || (delay < 0 && index.queue(send.op->queue).delay_ms_max > 0)) return;
    if (story.leases[0].seen().epoch.value != 1) return;
    offers.push_back({send.op->returned_ns, story.leases[0].op->invoked_ns, story.leases[0].op, "L5"});
}

// From the end of a lease until the next one.
void add_later_offers(const MessageStory& story, const CheckOptions& options,
                      std::vector<Offer>& offers) {
    for (size_t i = 1; i < story.leases.size(); ++i) {
        const OpPart& before = story.leases[i - 1];
        if (story.leases[i].seen().epoch != before.seen().epoch.next()) continue;
        const int64_t ended_ms = before.seen().leased_until.ms - options.started_wall_ms;
        int64_t ended_ns = (ended_ms + options.clock_slack_ms + sweep_ms) * ms_ns;
        for (const OpPart& change : story.changes) {
            if (change.op->possible()) ended_ns = INT64_MAX;
        }
        if (ended_ns >= story.leases[i].op->invoked_ns) continue;
        offers.push_back({std::max(ended_ns, before.op->returned_ns), story.leases[i].op->invoked_ns,
                          story.leases[i].op, "L4"});
    }
}

bool fifo(const MessageStory& story) {
    return std::any_of(story.leases.begin(), story.leases.end(),
                       [](const OpPart& lease) { return !lease.seen().group_id.empty(); });
}

void compare(std::vector<Offer>& offers, const std::vector<const Operation*>& empty, Verdict& verdict) {
    std::sort(offers.begin(), offers.end(),
              [](const Offer& a, const Offer& b) { return a.from_ns < b.from_ns; });
    size_t next = 0;
    const Offer* longest = nullptr;  // of those that began before
    for (const Operation* op : empty) {
        for (; next < offers.size() && offers[next].from_ns < op->invoked_ns; ++next) {
            if (longest == nullptr || offers[next].until_ns > longest->until_ns) longest = &offers[next];
        }
        if (longest == nullptr || longest->until_ns <= op->returned_ns) continue;
        verdict.add(longest->invariant,
                    fmt::format("a queue was called empty while a message lay there: {}; it was taken "
                                "later by {}",
                                to_string(*op), to_string(*longest->taken)),
                    op->returned_ns);
        return;
    }
}

// A receive that was asked twice, since an answer was lost, is told the second time what is still leased
// to it: nothing, if that took longer than the lease.
bool may_be_a_repetition(const HistoryIndex& index, const Operation& op) {
    const int64_t visibility_ms =
        op.visibility_ms >= 0 ? op.visibility_ms : index.queue(op.queue).visibility_ms_min;
    return op.returned_ns - op.invoked_ns >= visibility_ms * ms_ns;
}

// Who waits is woken by the message that comes.
void check_wake(const MessageStory& story, const CheckOptions& options, Verdict& verdict) {
    const OpPart& lease = story.leases[0];
    if (options.prompt_ms == 0 || lease.seen().epoch.value != 1) return;
    const int64_t there_ns = std::max(story.sends[0].op->returned_ns, lease.op->invoked_ns);
    const int64_t took_ns = lease.op->returned_ns - there_ns;
    if (took_ns <= options.prompt_ms * ms_ns) return;
    verdict.add("L5", fmt::format("a receive waited {} ms while a message lay there: {}; sent by {}",
                                  took_ns / ms_ns, to_string(*lease.op),
                                  to_string(*story.sends[0].op)),
                lease.op->returned_ns);
}

// --- phases -----------------------------------------------------------------------------------------

const Phase* find_phase(const History& history, std::string_view name) {
    for (const Phase& phase : history.phases) {
        if (phase.name == name && phase.until_ns > phase.from_ns) return &phase;
    }
    return nullptr;
}

// Of what was asked in a phase but for the queue `without`: how much a second was done, no later than `in_time_ns`
// after the phase, and within what time 99 of 100 calls were. What fails or never returns takes for ever.
struct Figures {
    uint64_t done = 0;
    int64_t per_million_s = 0;
    int64_t p99_ns = never_ns;
};

constexpr int64_t in_time_ns = 1'000 * ms_ns;

Figures figures_of(const History& history, const Phase& phase, const std::string& without) {
    std::vector<int64_t> times;
    Figures figures;
    for (const Operation& op : history.operations) {
        if (op.invoked_ns < phase.from_ns || op.invoked_ns >= phase.until_ns) continue;
        if (!without.empty() && op.queue == without) continue;
        if (op.kind == OpKind::receive && op.wait_ms > 0) continue;
        const bool done = op.ok() && op.returned();
        times.push_back(done ? op.returned_ns - op.invoked_ns : never_ns);
        figures.done += done && op.returned_ns <= phase.until_ns + in_time_ns ? 1 : 0;
    }
    if (times.empty()) return figures;
    std::sort(times.begin(), times.end());
    figures.p99_ns = times[(times.size() - 1) * 99 / 100];
    const int64_t length_ms = std::max<int64_t>(1, (phase.until_ns - phase.from_ns) / ms_ns);
    figures.per_million_s = static_cast<int64_t>(figures.done) * 1'000'000 / length_ms;
    return figures;
}

std::string time_text(int64_t ns) { return ns == never_ns ? "no time" : fmt::format("{} us", ns / 1'000); }

constexpr int64_t fair_factor = 5;            // L13: how much slower others may become
constexpr int64_t fair_floor_ns = 20 * ms_ns;  // and what is never called slow (L14, too)

void check_slower(const History& history, const char* invariant, const char* calm_name,
                  const char* hot_name, int64_t factor, int64_t floor_ns, Verdict& verdict) {
    const Phase* calm = find_phase(history, calm_name);
    const Phase* hot = find_phase(history, hot_name);
    if (calm == nullptr || hot == nullptr) return;
    const Figures before = figures_of(history, *calm, hot->subject);
    const Figures after = figures_of(history, *hot, hot->subject);
    if (before.p99_ns == never_ns) return;  // nothing to compare with; whoever makes the phases counts that
    const int64_t bound = std::max(before.p99_ns * factor, floor_ns);
    if (after.p99_ns <= bound) return;
    verdict.add(invariant, fmt::format("99 of 100 calls were done within {} in the phase {}, and within {} in {} "
                                       "({} done)",
                                       time_text(before.p99_ns), calm_name, time_text(after.p99_ns), hot_name,
                                       after.done),
                hot->until_ns);
}

}  // namespace

void check_answered(const HistoryIndex& index, Verdict& verdict) {
    for (const Operation& op : index.history().operations) {
        if (op.deadline_ns == never_ns) continue;
        const int64_t bound = op.deadline_ns + grace_ns;
        const bool late = op.returned() ? op.returned_ns > bound : index.history().ended_ns > bound;
        const bool membership = op.kind == OpKind::change_members;
        const bool unsure = membership && op.returned() && op.outcome == OpOutcome::info;
        if (!late && !unsure) continue;
        verdict.add(membership ? "L10" : "L2",
                    fmt::format("{} {}", late ? "not answered in time:" : "neither done nor undone:",
                                to_string(op)),
                    bound);
    }
}

void check_emptiness(const HistoryIndex& index, const CheckOptions& options, Verdict& verdict) {
    if (options.damage) return;
    std::map<QueueId, std::vector<Offer>> offers;
    for (const auto& [key, story] : index.messages()) {
        if (story.sends.empty() || story.leases.empty() || fifo(story)) continue;
        if (index.queue(story.sends[0].op->queue).leased_messages_min < leased_bound_far) continue;
        const size_t before = offers[key.first].size();
        add_first_offer(index, story, offers[key.first]);
        if (offers[key.first].size() > before) check_wake(story, options, verdict);
        if (options.started_wall_ms != 0) add_later_offers(story, options, offers[key.first]);
    }
    std::map<QueueId, std::vector<const Operation*>> empty;
    for (const Operation& op : index.history().operations) {
        if (op.kind != OpKind::receive || !op.ok() || !op.seen.empty()) continue;
        if (!may_be_a_repetition(index, op)) empty[op.at.queue].push_back(&op);
    }
    for (auto& [queue, list] : offers) {
        const auto found = empty.find(queue);
        if (found != empty.end()) compare(list, found->second, verdict);
    }
}

bool phases_tell(const History& history) {
    for (const auto& [first, second] : {std::pair{"before", "after"}, {"calm", "hot"}, {"sound", "one_slow"}}) {
        const Phase* calm = find_phase(history, first);
        const Phase* then = find_phase(history, second);
        if (calm == nullptr || then == nullptr) continue;
        return figures_of(history, *calm, then->subject).p99_ns != never_ns;
    }
    return false;
}

void check_phases(const HistoryIndex& index, Verdict& verdict) {
    const History& history = index.history();
    const Phase* before = find_phase(history, "before");
    const Phase* after = find_phase(history, "after");
    if (before != nullptr && after != nullptr) {
        const int64_t usual = figures_of(history, *before, "").per_million_s;
        const int64_t now = figures_of(history, *after, "").per_million_s;
        if (now < usual / 10 * 9) {
            verdict.add("L12", fmt::format("{} answers a second before the overload, {} after it",
                                           usual / 1'000, now / 1'000),
                        after->until_ns);
        }
    }
    check_slower(history, "L13", "calm", "hot", fair_factor, fair_floor_ns, verdict);
    check_slower(history, "L14", "sound", "one_slow", 2, fair_floor_ns, verdict);
}

}  // namespace quern::harness
