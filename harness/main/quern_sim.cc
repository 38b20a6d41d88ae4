// quern-sim: campaigns of simulated runs, and the story of one.
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <iostream>
#include <sstream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "harness/campaign_file.h"
#include "harness/main/canary.h"
#include "harness/main/commands.h"
#include "harness/main/mutants_command.h"
#include "harness/report_page.h"
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

// "I/N" with I < N.
bool parse_shard(const std::string& text, CampaignOptions& options) {
    std::istringstream in(text);
    char slash = 0;
    in >> options.shard >> slash >> options.shards;
    return in && in.peek() == std::istringstream::traits_type::eof() && slash == '/' &&
           options.shards > 0 && options.shard < options.shards;
}

struct RunCommand {
    CampaignOptions campaign;
    std::string seeds = "1..100";
    std::string shard = "0/1";
    std::string out;
    std::string page;
    bool json = false;
    bool verify_all = false;
    bool canary = true;

    int run();
    CanaryState ask_canary() const;
};

CanaryState RunCommand::ask_canary() const {
    if (!canary) return CanaryState::none;
    const Canary asked = run_canary(campaign.first_seed + campaign.shard);
    std::fprintf(json ? stderr : stdout, "%s\n", asked.words.c_str());
    return asked.failed ? CanaryState::caught : CanaryState::missed;
}

int RunCommand::run() {
    if (!parse_seeds(seeds, campaign)) {
        std::fprintf(stderr, "--seeds: give A..B with 0 < A <= B, not %s\n", seeds.c_str());
        return exit_usage;
    }
    if (!parse_shard(shard, campaign) || seeds_of_shard(campaign) == 0) {
        std::fprintf(stderr, "--shard: give I/N with 0 <= I < N, N at most the number of seeds, not %s\n",
                     shard.c_str());
        return exit_usage;
    }
    // Each part would be steered by what it has met itself.
    if (campaign.steer && (campaign.shards > 1 || !campaign.faults)) {
        std::fprintf(stderr, "--steer goes neither with --shard nor with --no-faults\n");
        return exit_usage;
    }
    if (verify_all) campaign.verify_per_cent = 100;
    std::ofstream file;
    if (!out.empty()) {
        file.open(out, std::ios::binary | std::ios::trunc);
        file << head_line(head_of(campaign, hash_of_this_program())) << std::endl;
        if (!file) {
            std::fprintf(stderr, "%s cannot be written\n", out.c_str());
            return exit_usage;
        }
    }
    campaign.progress = isatty(STDERR_FILENO) != 0;
    if (!json) fmt::print("seeds {}..{}\n", campaign.first_seed, campaign.last_seed);
    const CampaignResult result = run_campaign(campaign, [&file](const SeedReport& report) {
        if (file.is_open()) file << to_line(report) << '\n';
    });
    if (!page.empty() && !write_text_file(page, report_page(result))) return exit_usage;
    fmt::print("{}\n", json ? result.to_json() : result.to_text());
    const CanaryState state = ask_canary();
    if (file.is_open()) file << end_line(state, result.wall_ns) << std::endl;
    if (!out.empty() && !file) {
        std::fprintf(stderr, "%s could not be written to its end\n", out.c_str());
        return exit_failed;
    }
    return result.good() && state != CanaryState::missed ? 0 : exit_failed;
}

CLI::App* add_run_command(CLI::App& app, RunCommand& running, bool& no_canary) {
    CampaignOptions& campaign = running.campaign;
    CLI::App* run = app.add_subcommand("run", "Run many seeds, report violations");
    run->footer("Example: quern-sim run --seeds 1..500 --jobs 2");
    run->add_option("--seeds", running.seeds, "which, A..B")->capture_default_str();
    run->add_option("--jobs", campaign.jobs, "processes")->capture_default_str();
    run->add_option("--time-limit", campaign.time_limit_s, "begin no seed after so many seconds");
    run->add_option("--seed-limit", campaign.seed_limit_s, "a seed that takes more seconds has failed")
        ->capture_default_str();
    run->add_option("--shard", running.shard, "one of N equal parts of the seeds, I/N with I from 0");
    run->add_option("--out", running.out, "write the runs' results there, for quern-sim merge");
    run->add_flag("--steer", campaign.steer,
                  "aim and weigh the seeds towards what faults have met least, epoch after epoch");
    run->add_option("--report", running.page, "write a page about the campaign there");
    run->add_flag("--json", running.json, "one JSON object");
    run->add_flag("--verify-all", running.verify_all,
                  "run each seed twice and compare; without it 5 % of them");
    run->add_flag("--stop-at-first", campaign.stop_at_first, "end with the first seed that fails");
    run->add_flag("--no-canary", no_canary, "do not ask for a planted bug to be caught as well");
    return run;
}

int main(int argc, char** argv) {
    CLI::App app{"Runs whole Quern clusters in a simulated world, from seeds."};
    app.require_subcommand(1);
    RunCommand running;
    CampaignOptions& campaign = running.campaign;
    bool no_faults = false;
    bool no_canary = false;
    CLI::App* run = add_run_command(app, running, no_canary);
    run->add_flag("--no-faults", no_faults, "leave out all faults");
    add_shape_option(*run, campaign.kind);

    PlanSource source;
    CLI::App* verify = app.add_subcommand("verify", "Run a seed twice and show where the runs differ");
    add_plan_options(*verify, source);
    CLI::App* show = app.add_subcommand("plan", "Print the plan of a seed");
    add_plan_options(*show, source);
    Command chosen;
    add_replay_command(app, chosen);
    add_shrink_command(app, chosen);
    add_check_command(app, chosen);
    add_view_command(app, chosen);
    add_causality_command(app, chosen);
    add_merge_command(app, chosen);
    std::string bug;
    for (const char* command : {"run", "replay", "shrink", "view", "causality"}) {
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
    running.canary = !no_canary && !planted_bugs_built();
    if (run->parsed()) return running.run();
    if (chosen) return chosen();
    const std::optional<RunPlan> plan = find_plan(source);
    if (!plan) return exit_usage;
    if (verify->parsed()) {
        const std::string difference = first_difference(*plan, *plan);
        std::cout << (difference.empty() ? "both runs are the same\n" : difference);
        return difference.empty() ? 0 : exit_failed;
    }
    std::cout << plan->to_string();
    return 0;
}

}  // namespace

}  // namespace quern::harness

int main(int argc, char** argv) { return quern::harness::main(argc, argv); }
