#include "harness/chaos/packet_rules.h"

#include <algorithm>

#include <fmt/format.h>

namespace quern::harness::chaos {

namespace {

// Calls rule(address of the sender, link) for each link to `to` that does something to packets.
template <typename Rule>
void each_rule(const Links& links, const std::string& to, const Addresses& addresses, Rule rule) {
    for (const auto& [ends, link] : links.between) {
        const auto from = addresses.find(ends.first);
        if (ends.second != to || from == addresses.end()) continue;
        if (link.cut || link.loss_percent > 0) rule(from->second, link);
    }
}

}  // namespace

std::string nft_rules(const Links& links, const std::string& to, const Addresses& addresses) {
    std::string rules;
    each_rule(links, to, addresses, [&](const std::string& from, const LinkState& link) {
        if (link.cut) {
            rules += fmt::format("    ip saddr {} drop\n", from);
        } else {
            rules += fmt::format("    ip saddr {} numgen random mod 100 < {} drop\n", from,
                                 link.loss_percent);
        }
    });
    // The first line makes the second one right also when there is no such table.
    return "table ip quern_chaos {}\ndelete table ip quern_chaos\ntable ip quern_chaos {\n"
           "  chain input {\n    type filter hook input priority 0; policy accept;\n" +
           rules + "  }\n}\n";
}

std::string iptables_rules(const Links& links, const std::string& to, const Addresses& addresses) {
    std::string rules;
    each_rule(links, to, addresses, [&](const std::string& from, const LinkState& link) {
        if (link.cut) {
            rules += fmt::format("-A INPUT -s {} -j DROP\n", from);
        } else {
            rules += fmt::format("-A INPUT -s {} -m statistic --mode random --probability 0.{:02} -j DROP\n",
                                 from, link.loss_percent);
        }
    });
    return "*filter\n:INPUT ACCEPT [0:0]\n" + rules + "COMMIT\n";
}

std::vector<std::string> shaping_arguments(const Links& links, const std::string& from, bool netem) {
    const auto limit = links.rate_kbit.find(from);
    const std::string rate =
        limit == links.rate_kbit.end() ? std::string() : fmt::format("{}kbit", limit->second);
    int64_t delay_ms = 0;
    for (const auto& [ends, link] : links.between) {
        if (netem && ends.first == from) delay_ms = std::max(delay_ms, link.delay_ms);
    }
    if (delay_ms > 0) {
        std::vector<std::string> arguments = {"netem", "limit", "10000", "delay",
                                              fmt::format("{}ms", delay_ms)};
        if (!rate.empty()) arguments.insert(arguments.end(), {"rate", rate});
        return arguments;
    }
    if (rate.empty()) return {};
    return {"tbf", "rate", rate, "burst", "16kb", "latency", "400ms"};
}

std::map<std::string, int64_t> delays_from(const Links& links, const std::string& from,
                                           const Addresses& addresses) {
    std::map<std::string, int64_t> delays;
    for (const auto& [ends, link] : links.between) {
        const auto to = addresses.find(ends.second);
        if (ends.first == from && link.delay_ms > 0 && to != addresses.end()) {
            delays[to->second] = link.delay_ms;
        }
    }
    return delays;
}

}  // namespace quern::harness::chaos
