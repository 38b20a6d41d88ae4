#include <cstdio>
#include <memory>

#include <CLI/CLI.hpp>

#include "harness/causality.h"
#include "harness/main/commands.h"

namespace quern::harness {

namespace {

struct Arguments {
    PlanSource source;
    CausalityOptions options;
    bool json = false;
};

int causality(Arguments& a) {
    const auto plan = find_plan(a.source);
    if (!plan) return exit_usage;
    a.options.progress = [](const std::string& line) { std::fprintf(stderr, "%s\n", line.c_str()); };
    const Causality found = find_causality(*plan, std::move(a.options));
    std::fputs((a.json ? found.to_json() + "\n" : found.to_text()).c_str(), stdout);
    return found.invariant.empty() ? exit_usage : 0;
}

}  // namespace

void add_causality_command(CLI::App& app, Command& chosen) {
    auto a = std::make_shared<Arguments>();
    CLI::App* command =
        app.add_subcommand("causality", "When did a seed's violation become inevitable?");
    command->footer("Example: quern-sim causality 42 --tries 50\n"
                    "Forks the run at instants before the violation, each fork with new randomness from\n"
                    "there on, and counts in how many the same is violated. Exit status: 0, or 2 if the\n"
                    "plan violates nothing.");
    add_plan_options(*command, a->source);
    command->add_option("--forks", a->options.forks, "instants")->capture_default_str()->check(
        CLI::Range(1, 1'000));
    command->add_option("--tries", a->options.tries, "forks at each")->capture_default_str()->check(
        CLI::Range(1, 100'000));
    command->add_option("--jobs", a->options.jobs, "forks side by side")->capture_default_str();
    command->add_option("--invariant", a->options.invariant, "which violation; else the first");
    command->add_option("--try-seconds", a->options.try_seconds,
                        "a fork that takes longer violates nothing; else from the time the run takes");
    command->add_flag("--json", a->json, "one JSON object");
    command->callback([a, &chosen] { chosen = [a] { return causality(*a); }; });
}

}  // namespace quern::harness
