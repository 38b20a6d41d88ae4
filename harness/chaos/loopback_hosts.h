// All nodes on the loopback device: where no namespaces can be made. Links cannot be touched.
#pragma once

#include "harness/chaos/hosts.h"

namespace quern::harness::chaos {

class LoopbackHosts final : public Hosts {
public:
    // Finds free ports for all nodes. address_in_use if there are too few.
    static Result<std::unique_ptr<Hosts>> make(uint32_t nodes);

    Endpoint client_endpoint(uint32_t node) const override { return at(node, 0); }
    Endpoint peer_endpoint(uint32_t node) const override { return at(node, 1); }
    Endpoint admin_endpoint(uint32_t node) const override { return at(node, 2); }
    std::vector<std::string> enter(uint32_t) const override { return {}; }
    Result<void> set_links(const Links&) override { return {}; }

private:
    explicit LoopbackHosts(std::vector<uint16_t> ports) : ports_(std::move(ports)) {}
    Endpoint at(uint32_t node, uint32_t port) const {
        return {"127.0.0." + std::to_string(10 + node), ports_[3 * (node - 1) + port]};
    }

    std::vector<uint16_t> ports_;  // three a node
};

}  // namespace quern::harness::chaos
