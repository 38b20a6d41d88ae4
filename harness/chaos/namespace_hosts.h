// A network namespace for each node, joined by a bridge in one more, in which the clients stand: this
// thread enters it while the object lives. Nothing is made outside of them. Their names begin with
// `quern-chaos-` and the process id; namespaces of processes that are gone are removed by remove_stale.
#pragma once

#include <map>
#include <memory>

#include "harness/chaos/hosts.h"
#include "harness/chaos/packet_rules.h"
#include "system/os/child_process.h"

namespace quern::harness::chaos {

// How packets are lost and delayed here.
struct NetworkTools {
    bool nft = false;    // else iptables
    bool netem = false;  // else a DelayLine (delay_line.h)
    std::string self;    // this program, for the DelayLine
};

class NamespaceHosts final : public Hosts {
public:
    // `os` must outlive this object. Errors say which step was refused.
    static Result<std::unique_ptr<Hosts>> make(os::OsEnv& os, uint32_t nodes, NetworkTools tools);
    ~NamespaceHosts() override;

    Endpoint client_endpoint(uint32_t node) const override { return {address(node), 7400}; }
    Endpoint peer_endpoint(uint32_t node) const override { return {address(node), 7500}; }
    Endpoint admin_endpoint(uint32_t node) const override { return {address(node), 7600}; }
    std::vector<std::string> enter(uint32_t node) const override { return enter(host_name(node)); }
    Result<void> set_links(const Links& links) override;

private:
    NamespaceHosts(os::OsEnv& os, uint32_t nodes, NetworkTools tools);
    Result<void> build();
    Result<void> go_in();
    std::string address(uint32_t node) const { return addresses_.at(host_name(node)); }
    std::string namespace_of(const std::string& host) const;
    std::vector<std::string> enter(const std::string& host) const;
    Result<void> set_filter(const Links& links, const std::string& host);
    Result<void> set_shaping(const Links& links, const std::string& host);
    Result<void> set_delays(const Links& links, const std::string& host);

    os::OsEnv& os_;
    uint32_t nodes_;
    NetworkTools tools_;
    Addresses addresses_;
    Links links_;  // as they are
    std::map<std::string, std::unique_ptr<os::ChildProcess>> delay_lines_;  // by host
    int outside_ = -1;  // the namespace this thread was in
};

// Removes namespaces that processes which are gone left behind.
void remove_stale_namespaces();
// Whether a name is one of ours, and of a process that is gone.
bool stale_name(const std::string& name);

}  // namespace quern::harness::chaos
