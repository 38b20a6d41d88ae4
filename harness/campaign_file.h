// The results of a part of a campaign in a file, so that a campaign can run on many machines and be put
// together afterwards: JSON lines, docs/formats/campaign.md. The sum of the parts is what one machine would
// have said of all seeds, trace hash included.
#pragma once

#include <string>
#include <vector>

#include "harness/campaign.h"
#include "system/base/result.h"

namespace quern::harness {

// What the runs are of: equal for all parts of one campaign, except for the shard.
struct CampaignHead {
    uint64_t first_seed = 1;
    uint64_t last_seed = 1;
    uint64_t shard = 0;
    uint64_t shards = 1;
    PlanKind kind = PlanKind::swarm;
    bool faults = true;
    std::string program;  // hash of the program that ran it
    CampaignOptions options() const;
};
enum class CanaryState : uint8_t { none, caught, missed };
struct CampaignPart {
    CampaignHead head;
    std::vector<SeedReport> reports;  // in the order of seeds
    CanaryState canary = CanaryState::none;
    int64_t wall_ns = 0;
    bool ended = false;  // the last line is there
};

CampaignHead head_of(const CampaignOptions& options, std::string program);
std::string head_line(const CampaignHead& head);
std::string end_line(CanaryState canary, int64_t wall_ns);
// The whole file. invalid_argument says which line is no line of this format.
Result<CampaignPart> read_part(const std::string& text);

struct MergedCampaign {
    CampaignResult result;
    CanaryState canary = CanaryState::none;  // missed if any shard's was
    std::string void_because;                // empty: all seeds ran, all parts are of one campaign
};
MergedCampaign merge_parts(std::vector<CampaignPart> parts);

// Of the running program's file.
std::string hash_of_this_program();

}  // namespace quern::harness
