// All nodes on the loopback device, each behind relays of this process: where no namespaces can be made.
// A node's own ports are free ones of an address of its own; others know it by its relays.
#pragma once

#include <map>
#include <memory>

#include "harness/chaos/hosts.h"
#include "harness/chaos/relay.h"
#include "system/os/os_env.h"

namespace quern::harness::chaos {

class RelayHosts final : public Hosts, private RelayRules {
public:
    // `os` must outlive this object. address_in_use if there are too few free ports.
    static Result<std::unique_ptr<Hosts>> make(os::OsEnv& os, uint32_t nodes);

    Endpoint client_endpoint(uint32_t node) const override { return at(node, 0); }
    Endpoint peer_endpoint(uint32_t node) const override { return at(node, 1); }
    Endpoint admin_endpoint(uint32_t node) const override { return at(node, 2); }
    Endpoint client_endpoint_for_all(uint32_t node) const override { return at(node, 3); }
    Endpoint peer_endpoint_for_all(uint32_t node) const override { return at(node, 4); }
    std::vector<std::string> enter(uint32_t) const override { return {}; }
    void started(uint32_t node, int process) override { processes_[process] = host_name(node); }
    Result<void> set_links(const Links& links) override;

private:
    static constexpr uint32_t ports_each = 5;
    RelayHosts(os::OsEnv& os, std::vector<uint16_t> ports) : env_(os.env()), ports_(std::move(ports)) {}
    Endpoint at(uint32_t node, uint32_t port) const {
        return {"127.0.0." + std::to_string(10 + node), ports_[ports_each * (node - 1) + port]};
    }

    std::string host_of(const Endpoint& peer, const Endpoint& relay) override;
    bool cut(const std::string& from, const std::string& to) const override;
    Instant due(const std::string& from, const std::string& to, size_t bytes) override;

    Env env_;
    std::vector<uint16_t> ports_;
    std::map<int, std::string> processes_;  // host by process
    Links links_;
    std::map<std::string, Instant> free_at_;  // when a host's limited line has sent all it was given
    std::vector<std::unique_ptr<Relay>> relays_;
};

}  // namespace quern::harness::chaos
