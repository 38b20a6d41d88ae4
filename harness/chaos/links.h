// What lies between hosts, as data: which packets get lost, how fast they may go, how long they take.
// Worked out from the faults that are active, so that each ends by itself.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sim/faults/fault_plan.h"

namespace quern::harness::chaos {

// One direction between two hosts.
struct LinkState {
    bool cut = false;          // nothing arrives
    int64_t loss_percent = 0;  // of packets
    int64_t delay_ms = 0;      // added to what the link takes
    bool operator==(const LinkState&) const = default;
};

// All hosts of a round: "s1", "s2", … and, for all clients together, "clients".
constexpr const char* clients_host = "clients";

struct Links {
    std::map<std::pair<std::string, std::string>, LinkState> between;  // from, to; others are sound
    std::map<std::string, int64_t> rate_kbit;  // of all that a host sends; others: no limit

    LinkState find(const std::string& from, const std::string& to) const {
        const auto it = between.find({from, to});
        return it == between.end() ? LinkState{} : it->second;
    }
    bool operator==(const Links&) const = default;
};

// Of faults, those of kind partition, partition_one_way and slow_link count. The plan's clients c1, c2, …
// are the host "clients"; a fault without a second side is between its first one and everybody else.
Links links_under(const std::vector<const sim::Fault*>& active, const std::vector<std::string>& hosts);

}  // namespace quern::harness::chaos
