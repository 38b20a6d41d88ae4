#include <cstdio>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "harness/campaign_file.h"
#include "harness/main/commands.h"
#include "harness/report_page.h"

namespace quern::harness {

namespace {

int merge_files(const std::vector<std::string>& paths, const std::string& report, bool json) {
    std::vector<CampaignPart> parts;
    for (const std::string& path : paths) {
        const std::optional<std::string> text = read_text_file(path);
        if (!text) {
            std::fprintf(stderr, "%s cannot be read\n", path.c_str());
            return exit_usage;
        }
        Result<CampaignPart> part = read_part(*text);
        if (!part) {
            std::fprintf(stderr, "%s: %s\n", path.c_str(), part.error().detail.c_str());
            return exit_usage;
        }
        parts.push_back(std::move(*part));
    }
    const MergedCampaign merged = merge_parts(std::move(parts));
    if (!report.empty() && !write_text_file(report, report_page(merged.result))) return exit_usage;
    fmt::print("{}\n", json ? merged.result.to_json() : merged.result.to_text());
    std::FILE* words = json ? stderr : stdout;
    if (!merged.void_because.empty()) {
        std::fprintf(words, "VOID: %s\n", merged.void_because.c_str());
    } else if (merged.canary == CanaryState::missed) {
        std::fprintf(words, "VOID: the planted bug of a shard was not caught\n");
    } else if (merged.canary == CanaryState::none) {
        std::fprintf(words, "VOID: a shard was run with --no-canary\n");
    } else {
        std::fprintf(words, "canary: the planted bug of each shard was caught\n");
    }
    const bool counts = merged.void_because.empty() && merged.canary == CanaryState::caught;
    return counts && merged.result.good() ? 0 : exit_failed;
}

}  // namespace

void add_merge_command(CLI::App& app, Command& chosen) {
    struct Options {
        std::vector<std::string> paths;
        std::string report;
        bool json = false;
    };
    auto options = std::make_shared<Options>();
    CLI::App* merge = app.add_subcommand("merge", "Put the parts of a campaign together");
    merge->footer("Example: quern-sim run --seeds 1..20000 --shard 0/4 --out part0.jsonl   on each machine\n"
                  "         quern-sim merge part*.jsonl\n"
                  "Exit status: 0 good, 1 violated or void, 2 not readable. docs/campaigns.md tells more.");
    merge->add_option("files", options->paths, "what --out wrote")->required();
    merge->add_option("--report", options->report, "write a page about the campaign there");
    merge->add_flag("--json", options->json, "one JSON object");
    merge->callback([options, &chosen] {
        chosen = [options] { return merge_files(options->paths, options->report, options->json); };
    });
}

}  // namespace quern::harness
