#include "harness/runner.h"

#include <algorithm>
#include <deque>

#include <fmt/format.h>

#include "harness/run.h"

namespace quern::harness {

uint64_t RunResult::operation_count() const {
    uint64_t count = 0;
    for (const auto& of_kind : operations) {
        for (const uint64_t n : of_kind) count += n;
    }
    return count;
}

std::vector<OpKind> RunResult::kinds_without_success() const {
    std::vector<OpKind> kinds;
    for (size_t k = 0; k < op_kind_count; ++k) {
        const auto& n = operations[k];
        if (n[0] == 0 && n[1] + n[2] > 0) kinds.push_back(static_cast<OpKind>(k));
    }
    return kinds;
}

RunResult run(const RunPlan& plan, RunOptions options) {
    Run one(plan, std::move(options));
    return one.execute();
}

namespace {

std::string describe(const sim::EventRecord& event) {
    return fmt::format("t={:.9f} {} of machine {} identity {:016x}",
                       static_cast<double>(event.time.ns) / 1e9, sim::event_kind_name(event.kind),
                       event.owner, event.identity);
}

std::vector<sim::EventRecord> events_of(const RunPlan& plan) {
    std::vector<sim::EventRecord> events;
    RunOptions options;
    options.event = [&events](const sim::EventRecord& event) { events.push_back(event); };
    run(plan, std::move(options));
    return events;
}

// The last lines of the story up to and with that event.
std::string story_up_to(const RunPlan& plan, uint64_t event) {
    constexpr size_t lines_shown = 4;
    std::deque<std::string> lines;
    RunOptions options;
    options.verbose = true;
    options.until_event = event;
    options.story = [&lines](const std::string& line) {
        lines.push_back(line);
        if (lines.size() > lines_shown) lines.pop_front();
    };
    run(plan, std::move(options));
    std::string text;
    for (const std::string& line : lines) text += "    " + line + "\n";
    return text;
}

}  // namespace

std::string first_difference(const RunPlan& one, const RunPlan& other) {
    const std::vector<sim::EventRecord> first = events_of(one);
    const std::vector<sim::EventRecord> second = events_of(other);
    constexpr size_t shown_before = 5;
    for (size_t i = 0; i < std::max(first.size(), second.size()); ++i) {
        if (i < first.size() && i < second.size() && first[i] == second[i]) continue;
        std::string text = fmt::format("event {} of {} and {} differs:\n", i, first.size(), second.size());
        for (size_t j = i - std::min(i, shown_before); j < i; ++j) {
            text += "  both:   " + describe(first[j]) + "\n";
        }
        text += "  first:  " + (i < first.size() ? describe(first[i]) : "the end") + "\n";
        text += "  second: " + (i < second.size() ? describe(second[i]) : "the end") + "\n";
        text += "  the first run's last words up to there:\n" + story_up_to(one, i + 1);
        text += "  the second's:\n" + story_up_to(other, i + 1);
        return text;
    }
    return {};
}

}  // namespace quern::harness
