#include "sim/world/sim_network.h"

namespace quern::sim {

namespace {

class SimConnection final : public Connection {
public:
    SimConnection(Fabric& fabric, StreamId id, int side, Endpoint peer)
        : fabric_(fabric), id_(id), side_(side), peer_(std::move(peer)) {}
    ~SimConnection() override { fabric_.detach(id_, side_); }
    void read(std::span<uint8_t> into, Callback<void(Result<size_t>)> done) override {
        fabric_.read(id_, side_, into, std::move(done));
    }
    void write(BufferChain data, Callback<void(Result<void>)> done) override {
        fabric_.write(id_, side_, std::move(data), std::move(done));
    }
    void close() override { fabric_.close(id_, side_); }
    const Endpoint& peer() const override { return peer_; }

private:
    Fabric& fabric_;
    StreamId id_;
    int side_;
    Endpoint peer_;
};

class SimListener final : public Listener {
public:
    SimListener(Fabric& fabric, HostIndex host, uint16_t port, uint64_t number)
        : fabric_(fabric), host_(host), number_(number), local_{fabric.host_name(host), port} {}
    ~SimListener() override { fabric_.unlisten(host_, local_.port, number_); }
    const Endpoint& local() const override { return local_; }

private:
    Fabric& fabric_;
    HostIndex host_;
    uint64_t number_;
    Endpoint local_;
};

}  // namespace

Result<std::unique_ptr<Listener>> SimNetwork::listen(
    const Endpoint& at, Callback<void(std::unique_ptr<Connection>)> accepted) {
    const auto bound = fabric_.listen(host_, at, std::move(accepted));
    if (!bound) return fail(bound.error());
    return std::make_unique<SimListener>(fabric_, host_, bound->port, bound->number);
}

std::unique_ptr<Connection> make_connection(Fabric& fabric, StreamId id, int side, Endpoint peer) {
    return std::make_unique<SimConnection>(fabric, id, side, std::move(peer));
}

}  // namespace quern::sim
