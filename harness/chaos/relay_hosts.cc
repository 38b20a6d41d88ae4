#include "harness/chaos/relay_hosts.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include "harness/chaos/socket_owner.h"

namespace quern::harness::chaos {

std::vector<std::string> host_names(uint32_t nodes) {
    std::vector<std::string> names;
    for (uint32_t node = 1; node <= nodes; ++node) names.push_back(host_name(node));
    names.emplace_back(clients_host);
    return names;
}

namespace {

// Sockets that hold free ports until all are found.
class PortFinder {
public:
    ~PortFinder() {
        for (const int held : held_) ::close(held);
    }
    // 0 if there is none.
    uint16_t next() {
        const int holder = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (holder < 0) return 0;
        held_.push_back(holder);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        socklen_t size = sizeof(address);
        auto* any = reinterpret_cast<sockaddr*>(&address);
        if (::bind(holder, any, size) != 0 || ::getsockname(holder, any, &size) != 0) return 0;
        return ntohs(address.sin_port);
    }

private:
    std::vector<int> held_;
};

}  // namespace

Result<std::unique_ptr<Hosts>> RelayHosts::make(os::OsEnv& os, uint32_t nodes) {
    std::vector<uint16_t> ports;
    {
        PortFinder finder;
        while (ports.size() < ports_each * nodes) {
            const uint16_t port = finder.next();
            if (port == 0) return fail(ErrorCode::address_in_use, "there are no free ports at 127.0.0.1");
            ports.push_back(port);
        }
    }
    std::unique_ptr<RelayHosts> hosts(new RelayHosts(os, std::move(ports)));
    for (uint32_t node = 1; node <= nodes; ++node) {
        const std::pair<Endpoint, Endpoint> ways[] = {
            {hosts->client_endpoint_for_all(node), hosts->client_endpoint(node)},
            {hosts->peer_endpoint_for_all(node), hosts->peer_endpoint(node)}};
        for (const auto& [all, own] : ways) {
            auto relay = Relay::listen(hosts->env_, *hosts, all, own, host_name(node));
            if (!relay) return fail(std::move(relay.error()));
            hosts->relays_.push_back(std::move(*relay));
        }
    }
    return std::unique_ptr<Hosts>(std::move(hosts));
}

// Whoever is no node is a client.
std::string RelayHosts::host_of(const Endpoint& peer, const Endpoint& relay) {
    std::vector<pid_t> processes;
    for (const auto& [process, host] : processes_) processes.push_back(process);
    const auto found = processes_.find(find_owner(processes, peer, relay));
    return found == processes_.end() ? clients_host : found->second;
}

bool RelayHosts::cut(const std::string& from, const std::string& to) const {
    return links_.find(from, to).cut;
}

Instant RelayHosts::due(const std::string& from, const std::string& to, size_t bytes) {
    Instant sent = env_.clock.now();
    const auto limit = links_.rate_kbit.find(from);
    if (limit != links_.rate_kbit.end()) {
        Instant& free_at = free_at_[from];
        const auto bits = static_cast<int64_t>(bytes) * 8;
        free_at = std::max(free_at, sent) + Duration::microseconds(bits * 1'000 / limit->second);
        sent = free_at;
    }
    return sent + Duration::milliseconds(links_.find(from, to).delay_ms);
}

Result<void> RelayHosts::set_links(const Links& links) {
    links_ = links;
    if (links.rate_kbit.empty()) free_at_.clear();
    for (const auto& relay : relays_) relay->rules_changed();
    return {};
}

}  // namespace quern::harness::chaos
