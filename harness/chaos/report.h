// What rounds came to, for people and for programs.
#pragma once

#include <string>
#include <vector>

#include "harness/chaos/round.h"

namespace quern::harness::chaos {

struct Campaign {
    std::vector<RoundResult> rounds;
    std::vector<std::string> skipped;  // what this machine does not allow

    bool good() const;
    uint64_t violation_count() const;
    // Of all rounds, by Trouble.
    std::array<uint64_t, trouble_count> faults() const;
    // Of these, what struck in no round. Empty: each did.
    std::string never_struck(const std::set<Trouble>& troubles) const;
};

// One line: what was done and suffered, and whether it was good.
std::string round_text(size_t number, const RoundResult& round);
// All about a round that was not: violations, problems, the schedule, and where its files lie.
std::string failure_text(const RoundResult& round, const RoundOptions& options);
std::string campaign_text(const Campaign& campaign);
std::string campaign_json(const Campaign& campaign);

}  // namespace quern::harness::chaos
