#include "harness/chaos/links.h"

#include <algorithm>

namespace quern::harness::chaos {

namespace {

using Names = std::vector<std::string>;

bool holds(const Names& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

Names hosts_of(const Names& machines) {
    Names hosts;
    for (const std::string& machine : machines) {
        const std::string host = machine.starts_with('c') ? clients_host : machine;
        if (!holds(hosts, host)) hosts.push_back(host);
    }
    return hosts;
}

Names all_but(const Names& hosts, const Names& left_out) {
    Names rest;
    for (const std::string& host : hosts) {
        if (!holds(left_out, host)) rest.push_back(host);
    }
    return rest;
}

void add(Links& links, const sim::Fault& fault, const std::string& from, const std::string& to) {
    if (from == to) return;
    if (fault.kind != sim::FaultKind::slow_link) {
        links.between[{from, to}].cut = true;
        return;
    }
    const int64_t loss = fault.parameter("loss_percent", 0);
    const int64_t delay = fault.parameter("delay_ms", 0);
    if (loss == 0 && delay == 0) return;
    LinkState& link = links.between[{from, to}];
    link.loss_percent = std::max(link.loss_percent, loss);
    link.delay_ms = std::max(link.delay_ms, delay);
}

}  // namespace

Links links_under(const std::vector<const sim::Fault*>& active, const Names& hosts) {
    Links links;
    for (const sim::Fault* fault : active) {
        if (fault->kind != sim::FaultKind::partition &&
            fault->kind != sim::FaultKind::partition_one_way && fault->kind != sim::FaultKind::slow_link) {
            continue;
        }
        const Names a = hosts_of(fault->a);
        const Names b = fault->b.empty() ? all_but(hosts, a) : hosts_of(fault->b);
        for (const std::string& from : a) {
            for (const std::string& to : b) {
                add(links, *fault, from, to);
                if (fault->kind != sim::FaultKind::partition_one_way) add(links, *fault, to, from);
            }
            const int64_t rate = fault->parameter("rate_kbit", 0);
            if (fault->kind != sim::FaultKind::slow_link || rate == 0) continue;
            auto [limit, first] = links.rate_kbit.emplace(from, rate);
            if (!first) limit->second = std::min(limit->second, rate);
        }
    }
    return links;
}

}  // namespace quern::harness::chaos
