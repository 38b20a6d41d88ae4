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
    add_shape_option(command, source.kind);
}

std::optional<RunPlan> find_plan(const PlanSource& source) {
    const std::string& file = source.file;
    if (file.empty() == (source.seed == 0)) {
        std::fprintf(stderr, "give a seed, or --plan FILE\n");
        return std::nullopt;
    }
    if (file.empty()) return make_plan(source.seed, !source.no_faults, source.kind);
    const auto text = read_text_file(file);
    if (!text) {
        std::fprintf(stderr, "%s cannot be read\n", file.c_str());
        return std::nullopt;
    }
    Result<RunPlan> plan = RunPlan::parse(*text);
    if (!plan) {
        std::fprintf(stderr, "%s: %s\n", file.c_str(), plan.error().to_string().c_str());
        return std::nullopt;
    }
    return std::move(*plan);
}

}  // namespace quern::harness
