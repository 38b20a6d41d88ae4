#include "harness/campaign_file.h"

#include <array>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "harness/json_line.h"

namespace quern::harness {

using nlohmann::json;
using nlohmann::ordered_json;

namespace {

constexpr const char* format_name = "quern-campaign";
constexpr int64_t format_version = 1;
constexpr std::array canary_names = {"none", "caught", "missed"};

std::string shape_name(PlanKind kind) { return kind == PlanKind::small ? "small" : "swarm"; }

// Throws if something is missing or of another type.
CampaignHead head_from(const json& line) {
    CampaignHead head;
    head.first_seed = line.at("first_seed");
    head.last_seed = line.at("last_seed");
    head.shard = line.at("shard");
    head.shards = line.at("shards");
    const std::string shape = line.at("shape");
    head.kind = shape == "small" ? PlanKind::small : PlanKind::swarm;
    head.faults = line.at("faults");
    head.program = line.at("program");
    return head;
}

bool sensible(const CampaignHead& head) {
    return head.first_seed > 0 && head.first_seed <= head.last_seed && head.shards > 0 &&
           head.shard < head.shards;
}

bool read_head(const json& line, CampaignHead& head) {
    try {
        if (line.at("format") != format_name || line.at("version") != format_version) return false;
        head = head_from(line);
    } catch (const json::exception&) {
        return false;
    }
    return sensible(head);
}

bool read_end(const json& line, CampaignPart& part) {
    try {
        const std::string canary = line.at("canary");
        for (size_t i = 0; i < canary_names.size(); ++i) {
            if (canary == canary_names[i]) part.canary = static_cast<CanaryState>(i);
        }
        part.wall_ns = line.at("wall_ns");
    } catch (const json::exception&) {
        return false;
    }
    part.ended = true;
    return true;
}

}  // namespace

CampaignOptions CampaignHead::options() const {
    CampaignOptions options;
    options.first_seed = first_seed;
    options.last_seed = last_seed;
    options.shard = shard;
    options.shards = shards;
    options.kind = kind;
    options.faults = faults;
    return options;
}

CampaignHead head_of(const CampaignOptions& options, std::string program) {
    return {options.first_seed, options.last_seed, options.shard, options.shards,
            options.kind,       options.faults,    std::move(program)};
}

std::string head_line(const CampaignHead& head) {
    return ordered_json{{"format", format_name},        {"version", format_version},
                        {"first_seed", head.first_seed}, {"last_seed", head.last_seed},
                        {"shard", head.shard},           {"shards", head.shards},
                        {"shape", shape_name(head.kind)}, {"faults", head.faults},
                        {"program", head.program}}
        .dump();
}

std::string end_line(CanaryState canary, int64_t wall_ns) {
    return ordered_json{{"canary", canary_names[static_cast<size_t>(canary)]}, {"wall_ns", wall_ns}}
        .dump();
}

Result<CampaignPart> read_part(const std::string& text) {
    CampaignPart part;
    std::istringstream lines(text);
    std::string line;
    size_t number = 0;
    while (std::getline(lines, line)) {
        ++number;
        const json parsed = parse_whole_numbers(line);
        const bool first = number == 1;
        bool read = false;
        if (first) {
            read = read_head(parsed, part.head);
        } else if (parsed.is_object() && parsed.contains("canary")) {
            read = !part.ended && read_end(parsed, part);
        } else if (!part.ended) {
            part.reports.emplace_back();
            read = from_line(line, part.reports.back());
        }
        if (!read) {
            return fail(ErrorCode::invalid_argument,
                        fmt::format("line {} is no line of a campaign's results", number));
        }
    }
    if (number == 0) return fail(ErrorCode::invalid_argument, "the file is empty");
    return part;
}

std::string hash_of_this_program() {
    std::ifstream file("/proc/self/exe", std::ios::binary);
    std::ostringstream bytes;
    bytes << file.rdbuf();
    return fmt::format("{:016x}", hash64(as_bytes(bytes.view())));
}

}  // namespace quern::harness
