// Stands between hosts that share the loopback device: takes connections to one node, finds out which host
// they are from, and hands bytes on as its rules say. Where there are no namespaces, a link between two
// hosts is what the relays let through. Packets cannot be lost on it, and who connects over a cut gets a
// connection on which nothing comes.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "system/io/env.h"

namespace quern::harness::chaos {

class RelayRules {
public:
    virtual ~RelayRules() = default;
    // Of whoever connected from there.
    virtual std::string host_of(const Endpoint& peer, const Endpoint& relay) = 0;
    // Nothing gets from one host to the other now.
    virtual bool cut(const std::string& from, const std::string& to) const = 0;
    // When bytes that left now arrive at the soonest; counts them against what the host may send.
    virtual Instant due(const std::string& from, const std::string& to, size_t bytes) = 0;
};

class Relay {
public:
    // `env` and `rules` must outlive this object. address_in_use.
    static Result<std::unique_ptr<Relay>> listen(Env& env, RelayRules& rules, const Endpoint& at,
                                                 const Endpoint& target, std::string target_host);
    ~Relay();
    // A cut began or ended.
    void rules_changed();

private:
    class Stream;
    Relay(Env& env, RelayRules& rules, Endpoint target, std::string target_host);
    void accepted(std::unique_ptr<Connection> connection);

    Env& env_;
    RelayRules& rules_;
    Endpoint target_;
    std::string target_host_;
    std::unique_ptr<Listener> listener_;
    std::vector<std::shared_ptr<Stream>> streams_;
};

}  // namespace quern::harness::chaos
