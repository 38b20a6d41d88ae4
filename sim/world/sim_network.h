// A machine's Network: thin handles over the world's Fabric.
#pragma once

#include "sim/world/fabric.h"

namespace quern::sim {

class SimNetwork final : public Network {
public:
    SimNetwork(Fabric& fabric, HostIndex host) : fabric_(fabric), host_(host) {}
    Result<std::unique_ptr<Listener>> listen(
        const Endpoint& at, Callback<void(std::unique_ptr<Connection>)> accepted) override;
    void connect(const Endpoint& to,
                 Callback<void(Result<std::unique_ptr<Connection>>)> done) override {
        fabric_.connect(host_, to, std::move(done));
    }

private:
    Fabric& fabric_;
    HostIndex host_;
};

std::unique_ptr<Connection> make_connection(Fabric& fabric, StreamId id, int side, Endpoint peer);

}  // namespace quern::sim
