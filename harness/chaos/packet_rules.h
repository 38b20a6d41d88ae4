// The texts that make links between namespaces what they should be: rules of nftables or iptables for
// what a host takes in, and the queueing discipline of what it sends.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/chaos/links.h"

namespace quern::harness::chaos {

using Addresses = std::map<std::string, std::string>;  // host: IPv4

// Input of `nft -f -` and of `iptables-restore`: replaces all rules of the host `to`, at once.
std::string nft_rules(const Links& links, const std::string& to, const Addresses& addresses);
std::string iptables_rules(const Links& links, const std::string& to, const Addresses& addresses);

// Arguments of `tc qdisc` for a host's device. `netem`: delays are made here, for all that the host sends
// and as long as its slowest link; else by a DelayLine. Empty: the device has no limit.
std::vector<std::string> shaping_arguments(const Links& links, const std::string& from, bool netem);

// Delays of the links from a host, by address.
std::map<std::string, int64_t> delays_from(const Links& links, const std::string& from,
                                           const Addresses& addresses);

}  // namespace quern::harness::chaos
