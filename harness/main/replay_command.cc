#include <cstdio>
#include <cstdlib>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "harness/campaign.h"
#include "harness/follow.h"
#include "harness/history_json.h"
#include "harness/main/commands.h"
#include "harness/runner.h"
#include "system/base/assert.h"

namespace quern::harness {

namespace {

struct Arguments {
    PlanSource source;
    std::string until;
    std::string follow;
    std::string follow_request;
    std::string diff;
    bool state = false;
    bool verbose = false;
    bool quiet = false;
    std::string history_file;
};

uint64_t seed_running = 0;

void print_seed() {
    std::fprintf(stderr, "seed %llu; replay: %s\n", static_cast<unsigned long long>(seed_running),
                 replay_command(seed_running).c_str());
}

void print_line(const std::string& line) {
    std::fwrite(line.data(), 1, line.size(), stdout);
    std::fputc('\n', stdout);
    std::fflush(stdout);
}

void print_result(const RunResult& result) {
    for (const Violation& v : result.violations) {
        fmt::print("VIOLATION {} at {:.6f}: {}\n", v.invariant, static_cast<double>(v.at_ns) / 1e9,
                   v.text);
    }
    fmt::print("{} violations, {} operations, {:.3f} simulated seconds, {} events, trace hash {:016x}\n",
               result.violation_count, result.operation_count(),
               static_cast<double>(result.simulated_ns) / 1e9, result.events, result.trace_hash);
}

// "3.5": seconds; "#1234": events; else words of the story.
bool set_until(const std::string& text, RunOptions& options) {
    if (text.empty()) return true;
    char* end = nullptr;
    if (text[0] == '#') {
        options.until_event = std::strtoull(text.c_str() + 1, &end, 10);
        return end != nullptr && *end == '\0' && text.size() > 1;
    }
    const double seconds = std::strtod(text.c_str(), &end);
    if (end == nullptr || *end != '\0') {
        options.until_word = text;
    } else {
        options.until_ns = static_cast<int64_t>(seconds * 1e9);
    }
    return true;
}

int diff(const RunPlan& plan, const Arguments& a) {
    PlanSource source = a.source;
    const bool seed = a.diff.find_first_not_of("0123456789") == std::string::npos;
    source.seed = seed ? std::strtoull(a.diff.c_str(), nullptr, 10) : 0;
    source.file = seed ? "" : a.diff;
    const auto other = find_plan(source);
    if (!other) return exit_usage;
    const std::string difference = first_difference(plan, *other);
    fmt::print("{}", difference.empty() ? "both runs are the same\n" : difference);
    return difference.empty() ? 0 : exit_failed;
}

// Null: the arguments are wrong.
std::unique_ptr<Follow> make_follow(const Arguments& a) {
    const bool request = !a.follow_request.empty();
    const auto target = request ? FollowTarget::request(a.follow_request) : FollowTarget::message(a.follow);
    if (target) return std::make_unique<Follow>(*target, print_line);
    std::fprintf(stderr, request ? "--follow-request: give client and number, as c3#17\n"
                                 : "--follow: give queue/number, or the hash of the content\n");
    return nullptr;
}

int replay(const Arguments& a) {
    const auto plan = find_plan(a.source);
    if (!plan) return exit_usage;
    if (!a.diff.empty()) return diff(*plan, a);
    seed_running = plan->seed;
    set_assert_hook(print_seed);
    RunOptions options;
    options.verbose = a.verbose;
    if (!set_until(a.until, options)) {
        std::fprintf(stderr, "--until: give seconds, #EVENT or words of the story\n");
        return exit_usage;
    }
    std::unique_ptr<Follow> follow;
    const bool following = !a.follow.empty() || !a.follow_request.empty();
    if (following) {
        follow = make_follow(a);
        if (!follow) return exit_usage;
        follow->watch(options);
    }
    if (!a.quiet && !following) options.story = print_line;
    if (a.state || !a.until.empty()) {
        options.state = [](const std::string& text) { fmt::print("{}", text); };
    }
    std::string history;
    if (!a.history_file.empty()) {
        options.history = [&history](const History& all, const CheckOptions& check) {
            history = to_json_lines({all, check});
        };
    }
    fmt::print("seed {}\n", plan->seed);
    const RunResult result = run(*plan, std::move(options));
    if (following && follow->count() == 0) fmt::print("nothing of that was seen\n");
    print_result(result);
    if (!a.history_file.empty() && !write_text_file(a.history_file, history)) return exit_usage;
    return result.violation_count == 0 ? 0 : exit_failed;
}

}  // namespace

void add_replay_command(CLI::App& app, Command& chosen) {
    auto a = std::make_shared<Arguments>();
    CLI::App* replay_app = app.add_subcommand("replay", "Tell the story of one run, a line an event");
    replay_app->footer("Example: quern-sim replay 42 --until 3.5");
    add_plan_options(*replay_app, a->source);
    replay_app->add_option("--until", a->until,
                           "stop there and show every node's state: simulated seconds, #EVENT, or words of "
                           "the story");
    replay_app->add_flag("--state", a->state, "show every node's state at the end");
    replay_app->add_option("--follow", a->follow, "one message alone: QUEUE/NUMBER, or a content's hash");
    replay_app->add_option("--follow-request", a->follow_request, "one request alone: c3#17");
    replay_app->add_option("--diff", a->diff,
                           "the first event that differs from the run of this seed or plan file");
    replay_app->add_flag("--verbose", a->verbose, "with the nodes' own words and disk operations");
    replay_app->add_flag("--quiet", a->quiet, "the result alone");
    replay_app->add_option("--history", a->history_file, "write what clients saw, as JSON lines");
    replay_app->callback([a, &chosen] { chosen = [a] { return replay(*a); }; });
}

}  // namespace quern::harness
