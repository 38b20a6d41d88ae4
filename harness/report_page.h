// A campaign as a page to look at: what faults met, as a heat map; what never happened; what failed.
#pragma once

#include <string>

#include "harness/campaign.h"

namespace quern::harness {

// One HTML file that needs nothing else.
std::string report_page(const CampaignResult& result);

}  // namespace quern::harness
