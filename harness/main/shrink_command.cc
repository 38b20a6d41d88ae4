#include <unistd.h>

#include <cstdio>
#include <memory>

#include <CLI/CLI.hpp>

#include "harness/main/commands.h"
#include "harness/shrink.h"

namespace quern::harness {

namespace {

struct Arguments {
    PlanSource source;
    std::string out_file;
    std::string invariant;
    int64_t seconds = 60;
    uint32_t jobs = 2;
};

int shrink_command(const Arguments& arguments) {
    const auto plan = find_plan(arguments.source);
    if (!plan) return exit_usage;
    ShrinkOptions options;
    options.invariant = arguments.invariant;
    options.seconds = arguments.seconds;
    options.jobs = arguments.jobs;
    options.progress = [](const std::string& line) { std::fprintf(stderr, "%s\n", line.c_str()); };
    const ShrinkResult result = shrink(*plan, std::move(options));
    if (!result.failed) {
        std::fprintf(stderr, "the plan violates nothing%s\n",
                     arguments.invariant.empty() ? "" : " of that name");
        return exit_usage;
    }
    const std::string text = result.to_file();
    if (arguments.out_file.empty()) {
        std::fwrite(text.data(), 1, text.size(), stdout);
    } else if (!write_text_file(arguments.out_file, text)) {
        return exit_usage;
    }
    std::fprintf(stderr, "%s: %zu faults, %zu operations%s; %llu runs in %.1f s\n",
                 result.invariant.c_str(), result.plan.faults.faults.size(),
                 result.plan.operations.size(),
                 result.minimal ? ", none of which can be left out" : "; time was up",
                 static_cast<unsigned long long>(result.trials),
                 static_cast<double>(result.wall_ns) / 1e9);
    if (!arguments.out_file.empty()) {
        std::fprintf(stderr, "replay: quern-sim replay --plan %s\n", arguments.out_file.c_str());
        std::fprintf(stderr, "as a test of every build: put the file into tests/seeds/plans\n");
    }
    return 0;
}

}  // namespace

void add_shrink_command(CLI::App& app, Command& chosen) {
    auto a = std::make_shared<Arguments>();
    CLI::App* shrink = app.add_subcommand("shrink", "Find the smallest plan that fails like a seed");
    shrink->footer("Example: quern-sim shrink 42 -o tests/seeds/plans/lost_vote.plan");
    add_plan_options(*shrink, a->source);
    shrink->add_option("-o,--output", a->out_file, "where the small plan goes; else to stdout");
    shrink->add_option("--invariant", a->invariant, "the violation to keep; else the first");
    shrink->add_option("--seconds", a->seconds, "at most so long")->capture_default_str();
    shrink->add_option("--jobs", a->jobs, "runs side by side")->capture_default_str();
    shrink->callback([a, &chosen] { chosen = [a] { return shrink_command(*a); }; });
}

}  // namespace quern::harness
