// Where the nodes of a round stand, and what can be done to the links between them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "harness/chaos/links.h"
#include "system/base/result.h"
#include "system/io/network.h"

namespace quern::harness::chaos {

class Hosts {
public:
    virtual ~Hosts() = default;

    // Where a node listens. Numbers count from 1.
    virtual Endpoint client_endpoint(uint32_t node) const = 0;
    virtual Endpoint peer_endpoint(uint32_t node) const = 0;
    virtual Endpoint admin_endpoint(uint32_t node) const = 0;
    // Where others find a node; not where it listens, if something stands between.
    virtual Endpoint client_endpoint_for_all(uint32_t node) const { return client_endpoint(node); }
    virtual Endpoint peer_endpoint_for_all(uint32_t node) const { return peer_endpoint(node); }
    // What to put before a command so that it runs on that host.
    virtual std::vector<std::string> enter(uint32_t node) const = 0;
    // The node's process.
    virtual void started(uint32_t node, int process) {
        (void)node;
        (void)process;
    }
    // Makes the links so, at once.
    virtual Result<void> set_links(const Links& links) = 0;
};

inline std::string host_name(uint32_t node) { return "s" + std::to_string(node); }
// "s1", …, "clients".
std::vector<std::string> host_names(uint32_t nodes);

}  // namespace quern::harness::chaos
