#include "harness/chaos/loopback_hosts.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

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

Result<std::unique_ptr<Hosts>> LoopbackHosts::make(uint32_t nodes) {
    PortFinder finder;
    std::vector<uint16_t> ports;
    while (ports.size() < 3 * nodes) {
        const uint16_t port = finder.next();
        if (port == 0) return fail(ErrorCode::address_in_use, "there are no free ports at 127.0.0.1");
        ports.push_back(port);
    }
    return std::unique_ptr<Hosts>(new LoopbackHosts(std::move(ports)));
}

}  // namespace quern::harness::chaos
