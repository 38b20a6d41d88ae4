// What the main job found, and how it is told.
#pragma once

#include <string>
#include <vector>

#include "system/cli/job/ledger.h"
#include "system/queue/types.h"

namespace quern::cli {

struct MainJobReport {
    uint64_t lines = 0;
    LedgerTotals totals;
    queue::Counters counters;  // of the queue at the end
    Duration took;             // until the last message was deleted
    Duration outage;
    NodeId killed;
    std::vector<std::string> complaints;  // empty: all is well
};

// Adds a complaint unless the queue counted what the ledger did: sent = deleted = lines, nothing live.
void check_counters(MainJobReport& report);
// The complaints, then one line with "main job: " and, when nothing was lost, "lost 0".
void print_report(const MainJobReport& report, bool json);

}  // namespace quern::cli
