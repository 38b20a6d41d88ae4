#include "system/cli/main_job_report.h"

#include <fmt/format.h>

#include <cstdio>
#include <nlohmann/json.hpp>

namespace quern::cli {

namespace {

uint64_t rate(const MainJobReport& report) {
    const auto ms = static_cast<uint64_t>(std::max<int64_t>(1, report.took.to_milliseconds()));
    return report.totals.received * 1000 / ms;
}

}  // namespace

void check_counters(MainJobReport& report) {
    const queue::Counters& c = report.counters;
    const LedgerTotals& t = report.totals;
    if (c.sent != t.received || c.deleted != t.deleted || c.live() != 0 ||
        c.received < t.deliveries || c.sent != c.deleted) {
        report.complaints.push_back(fmt::format(
            "the queue's counters disagree: sent {}, received {}, deleted {}, live {}, expired {}; "
            "seen here: received {} in {} deliveries, deleted {}",
            c.sent, c.received, c.deleted, c.live(), c.expired, t.received, t.deliveries, t.deleted));
    }
}

void print_report(const MainJobReport& report, bool json) {
    const LedgerTotals& t = report.totals;
    if (json) {
        nlohmann::ordered_json object{
            {"lines", report.lines},         {"sent", t.acked},
            {"received", t.received},        {"deleted", t.deleted},
            {"lost", t.lost},                {"duplicated", t.duplicated},
            {"damaged", t.damaged},          {"redelivered", t.redelivered},
            {"uncertain", t.uncertain},      {"refused", t.refused},
            {"rate", rate(report)},          {"seconds", static_cast<double>(report.took.ns) / 1e9},
            {"outage_ms", report.outage.to_milliseconds()},
            {"killed_node", report.killed.value},
            {"complaints", report.complaints}};
        fmt::print("{}\n", object.dump());
        std::fflush(stdout);
        return;
    }
    for (const std::string& complaint : report.complaints) fmt::print("WRONG: {}\n", complaint);
    std::string extra;
    if (t.damaged > 0) extra += fmt::format(", damaged {}", t.damaged);
    if (t.redelivered > 0) extra += fmt::format(", redelivered after expiry {}", t.redelivered);
    if (t.uncertain > 0) extra += fmt::format(", uncertain {}", t.uncertain);
    if (t.refused > 0) extra += fmt::format(", refused {}", t.refused);
    fmt::print("main job: {} lines, sent {}, received {}, deleted {}, lost {}, duplicated {}{}, "
               "counters {}, {:.1f} s, {} msgs/s, leader node {} killed, outage {} ms\n",
               report.lines, t.acked, t.received, t.deleted, t.lost, t.duplicated, extra,
               report.complaints.empty() ? "agree" : "SEE ABOVE",
               static_cast<double>(report.took.ns) / 1e9, rate(report), report.killed.value,
               report.outage.to_milliseconds());
    std::fflush(stdout);
}

}  // namespace quern::cli
