#include <cstdio>
#include <fstream>
#include <sstream>

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

std::optional<RunPlan> find_plan(uint64_t seed, const std::string& file, bool faults,
                                 PlanKind kind) {
    if (file.empty() == (seed == 0)) {
        std::fprintf(stderr, "give a seed, or --plan FILE\n");
        return std::nullopt;
    }
    if (file.empty()) return make_plan(seed, faults, kind);
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
