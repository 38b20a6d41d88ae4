// quern-sim: campaigns of simulated runs, and the story of one.
#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <sstream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "harness/campaign.h"
#include "harness/main/canary.h"
#include "harness/main/commands.h"
#include "harness/main/mutants_command.h"
#include "harness/planted_switch.h"

namespace quern::harness {

namespace {

// "A..B" or "A".
bool parse_seeds(const std::string& text, CampaignOptions& options) {
    const size_t dots = text.find("..");
    std::istringstream first(text.substr(0, dots));
    std::istringstream last(dots == std::string::npos ? text : text.substr(dots + 2));
    first >> options.first_seed;
    last >> options.last_seed;
    return first && first.eof() && last && last.eof() && options.first_seed <= options.last_seed &&
           options.first_seed > 0;
}

int run_command(const std::string& seeds, CampaignOptions options, bool json, bool with_canary) {
    if (!parse_seeds(seeds, options)) {
        std::fprintf(stderr, "--seeds: give A..B with 0 < A <= B, not %s\n", seeds.c_str());
        return exit_usage;
    }
    options.progress = isatty(STDERR_FILENO) != 0;
    if (!json) fmt::print("seeds {}..{}\n", options.first_seed, options.last_seed);
    const CampaignResult result = run_campaign(options);
    fmt::print("{}\n", json ? result.to_json() : result.to_text());
    const uint64_t seed_count = options.last_seed - options.first_seed + 1;
    if (!with_canary || seed_count < canary_campaign_seeds_min) return result.good() ? 0 : exit_failed;
    const Canary canary = run_canary(options.first_seed);
    std::fprintf(json ? stderr : stdout, "%s\n", canary.words.c_str());
    return result.good() && canary.failed ? 0 : exit_failed;
}

int main(int argc, char** argv) {
    CLI::App app{"Runs whole Quern clusters in a simulated world, from seeds."};
    app.require_subcommand(1);
    CampaignOptions campaign;
    std::string seeds = "1..100";
    bool json = false;
    bool no_faults = false;
    bool no_canary = false;
    auto of_plan = [&](CLI::App* command) {
        command->add_flag("--no-faults", no_faults, "leave out all faults");
        add_shape_option(*command, campaign.kind);
    };
    CLI::App* run = app.add_subcommand("run", "Run many seeds, report violations");
    run->footer("Example: quern-sim run --seeds 1..500 --jobs 2");
    run->add_option("--seeds", seeds, "which, A..B")->capture_default_str();
    run->add_option("--jobs", campaign.jobs, "processes")->capture_default_str();
    run->add_option("--time-limit", campaign.time_limit_s, "begin no seed after so many seconds");
    run->add_flag("--json", json, "one JSON object");
    run->add_flag("--verify", campaign.verify, "run each seed twice and compare");
    of_plan(run);
    run->add_flag("--stop-at-first", campaign.stop_at_first, "end with the first seed that fails");
    run->add_flag("--no-canary", no_canary, "do not ask for a planted bug to be caught as well");

    uint64_t seed = 0;
    CLI::App* verify = app.add_subcommand("verify", "Run a seed twice and show where the runs differ");
    verify->add_option("seed", seed, "which")->required();
    of_plan(verify);

    CLI::App* show = app.add_subcommand("plan", "Print the plan of a seed");
    show->add_option("seed", seed, "which")->required();
    of_plan(show);
    Command chosen;
    add_replay_command(app, chosen);
    add_shrink_command(app, chosen);
    add_check_command(app, chosen);
    add_view_command(app, chosen);
    std::string bug;
    for (const char* command : {"run", "replay", "shrink", "view"}) {
        app.get_subcommand(command)->add_option("--bug", bug,
                                                "with a planted bug (quern-sim-planted only)");
    }
    MutantsCommand mutants(app);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : exit_usage;
    }
    if (mutants.parsed()) return mutants.run(argv);
    if (!bug.empty() && !plant_named(bug)) return exit_usage;
    campaign.faults = !no_faults;
    const bool with_canary = !no_canary && !planted_bugs_built();
    if (run->parsed()) return run_command(seeds, campaign, json, with_canary);
    if (chosen) return chosen();
    if (verify->parsed()) {
        const RunPlan plan = make_plan(seed, !no_faults, campaign.kind);
        const std::string difference = first_difference(plan, plan);
        std::cout << (difference.empty() ? "both runs are the same\n" : difference);
        return difference.empty() ? 0 : exit_failed;
    }
    std::cout << make_plan(seed, !no_faults, campaign.kind).to_string();
    return 0;
}

}  // namespace

}  // namespace quern::harness

int main(int argc, char** argv) { return quern::harness::main(argc, argv); }
