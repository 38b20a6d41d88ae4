#include <cstdio>
#include <fstream>
#include <map>
#include <sstream>

#include <CLI/CLI.hpp>

#include "harness/main/commands.h"

namespace quern::harness {

std::optional<std::string> read_text_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    if (!file) return std::nullopt;
    return text.str();
}

bool write_text_file(const std::string& path, const std::string& text) {
    std::ofstream file(path, std::ios::binary);
    file << text;
    file.close();
    if (file) return true;
    std::fprintf(stderr, "%s cannot be written\n", path.c_str());
    return false;
}

void add_shape_option(CLI::App& command, PlanKind& kind) {
    const std::map<std::string, PlanKind> kinds{{"swarm", PlanKind::swarm}, {"small", PlanKind::small}};
    command
        .add_option("--shape", kind,
                    "what seeds draw: everything (swarm), or faults for a cluster of three (small)")
        ->transform(CLI::CheckedTransformer(kinds))
        ->default_str("swarm");
}

void add_plan_options(CLI::App& command, PlanSource& source) {
    command.add_option("seed", source.seed, "which");
    command.add_option("--plan", source.file, "a plan from a file instead, as `plan` prints it");
    command.add_flag("--no-faults", source.no_faults, "leave out all faults");
    command
        .add_option("--aim", source.aims, "with a fault that waits for a state, KIND@STATE; several times")
        ->allow_extra_args(false);
    command.add_option("--weigh", source.weights,
                       "drawn with these weights, NAME=PER_CENT,…, as a steered campaign named them");
    add_shape_option(command, source.kind);
}

namespace {

std::optional<RunPlan> plan_of(const PlanSource& source) {
    if (source.file.empty()) {
        const Result<SwarmWeights> weights = SwarmWeights::parse(source.weights);
        if (weights) return make_plan(source.seed, !source.no_faults, source.kind, *weights);
        std::fprintf(stderr, "--weigh: %s\n", weights.error().detail.c_str());
        return std::nullopt;
    }
    const auto text = read_text_file(source.file);
    if (!text) {
        std::fprintf(stderr, "%s cannot be read\n", source.file.c_str());
        return std::nullopt;
    }
    Result<RunPlan> plan = RunPlan::parse(*text);
    if (!plan) {
        std::fprintf(stderr, "%s: %s\n", source.file.c_str(), plan.error().to_string().c_str());
        return std::nullopt;
    }
    return std::move(*plan);
}

}  // namespace

std::optional<RunPlan> find_plan(const PlanSource& source) {
    if (source.file.empty() == (source.seed == 0)) {
        std::fprintf(stderr, "give a seed, or --plan FILE\n");
        return std::nullopt;
    }
    if (!source.weights.empty() && !source.file.empty()) {
        std::fprintf(stderr, "--weigh goes with a seed, not with --plan: a plan is drawn already\n");
        return std::nullopt;
    }
    std::optional<RunPlan> plan = plan_of(source);
    for (const std::string& text : source.aims) {
        const auto cell = CoverageCell::parse(text);
        if (!cell || !can_aim(*cell)) {
            std::fprintf(stderr, "--aim: give KIND@STATE, as power_loss@snapshot_writing, not %s\n",
                         text.c_str());
            return std::nullopt;
        }
        if (plan) add_aim(*plan, *cell);
    }
    return plan;
}

}  // namespace quern::harness
