// Parts of a campaign put together.
#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "harness/campaign_file.h"

namespace quern::harness {

namespace {

constexpr size_t missing_shown_max = 5;

std::string difference(const CampaignHead& a, const CampaignHead& b) {
    if (a.program != b.program) return "another build of quern-sim ran it";
    if (a.first_seed != b.first_seed || a.last_seed != b.last_seed) return "it is of other seeds";
    if (a.shards != b.shards) return "it is of another number of shards";
    if (a.kind != b.kind || a.faults != b.faults) return "its runs are of another kind";
    return "";
}

// Why the parts are no whole campaign.
std::string what_is_wrong(const std::vector<CampaignPart>& parts) {
    if (parts.empty()) return "there are no parts";
    std::map<uint64_t, size_t> shards;
    for (const CampaignPart& part : parts) {
        const std::string differs = difference(parts.front().head, part.head);
        if (!differs.empty()) {
            return fmt::format("shard {} does not belong to shard {}: {}", part.head.shard,
                               parts.front().head.shard, differs);
        }
        if (!part.ended) return fmt::format("shard {} was not run to its end", part.head.shard);
        if (++shards[part.head.shard] > 1) {
            return fmt::format("shard {} is there twice", part.head.shard);
        }
    }
    std::string missing;
    size_t count = 0;
    for (uint64_t shard = 0; shard < parts.front().head.shards; ++shard) {
        if (shards.contains(shard)) continue;
        if (++count <= missing_shown_max) missing += fmt::format(" {}", shard);
    }
    if (count == 0) return "";
    return fmt::format("{} of {} shards are missing:{}{}", count, parts.front().head.shards, missing,
                       count > missing_shown_max ? " …" : "");
}

// The seeds that no report is of, or that a report should not be of.
std::string wrong_seed(const CampaignPart& part) {
    uint64_t seed = part.head.first_seed + part.head.shard;
    for (const SeedReport& report : part.reports) {
        if (report.result.seed != seed) break;
        seed += part.head.shards;
    }
    if (seed > part.head.last_seed &&
        part.reports.size() == seeds_of_shard(part.head.options())) {
        return "";
    }
    return fmt::format("shard {} lacks seed {}", part.head.shard, seed);
}

}  // namespace

MergedCampaign merge_parts(std::vector<CampaignPart> parts) {
    MergedCampaign merged;
    merged.void_because = what_is_wrong(parts);
    std::vector<const SeedReport*> reports;
    bool all_caught = !parts.empty();
    for (const CampaignPart& part : parts) {
        if (merged.void_because.empty()) merged.void_because = wrong_seed(part);
        if (part.canary == CanaryState::missed) merged.canary = CanaryState::missed;
        all_caught = all_caught && part.canary == CanaryState::caught;
        merged.result.wall_ns = std::max(merged.result.wall_ns, part.wall_ns);
        for (const SeedReport& report : part.reports) reports.push_back(&report);
    }
    if (all_caught) merged.canary = CanaryState::caught;
    std::stable_sort(reports.begin(), reports.end(), [](const auto* a, const auto* b) {
        return a->result.seed < b->result.seed;
    });
    if (parts.empty()) return merged;
    const CampaignOptions options = parts.front().head.options();
    for (const SeedReport* report : reports) add_report(merged.result, *report, options);
    return merged;
}

}  // namespace quern::harness
