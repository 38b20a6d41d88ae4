// Streams between the two nodes of a world, for the network tests.
#pragma once

#include "tests/conformance/world.h"

namespace quern::conformance {

using ConnectionPtr = std::unique_ptr<Connection>;

class NetworkConformance : public Conformance {
protected:
    NetworkConformance() : client_env_(world_->client()) {}

    void listen() {
        auto listener = env_.network.listen({world_->server_host(), 0}, [this](ConnectionPtr c) {
            accepted_.push_back(std::move(c));
        });
        ASSERT_TRUE(listener.has_value()) << listener.error().to_string();
        listener_ = std::move(*listener);
        address_ = {world_->server_host(), listener_->local().port};
    }
    Result<ConnectionPtr> connect() {
        return await<ConnectionPtr>(
            [&](auto done) { client_env_.network.connect(address_, std::move(done)); });
    }
    // One connected pair in client_ and server_.
    void make_pair() {
        listen();
        auto connected = connect();
        ASSERT_TRUE(connected.has_value()) << connected.error().to_string();
        client_ = std::move(*connected);
        ASSERT_TRUE(run_until([&] { return accepted_.size() == 1; }));
        server_ = std::move(accepted_.front());
        accepted_.clear();
    }
    Result<size_t> read(Connection& from, std::span<uint8_t> into) {
        return await<size_t>([&](auto done) { from.read(into, std::move(done)); });
    }
    Result<void> write(Connection& to, BufferChain data) {
        return await<void>([&](auto done) { to.write(std::move(data), std::move(done)); });
    }
    // Reads until `size` bytes or the end; what it got.
    std::string read_all(Connection& from, size_t size) {
        std::string all;
        uint8_t piece[64 * 1024];
        while (all.size() < size) {
            const auto got = read(from, piece);
            if (!got.has_value() || *got == 0) break;
            all.append(reinterpret_cast<const char*>(piece), *got);
        }
        return all;
    }
    // Reads to the end of the stream; the error it ended with, ok for an end in order.
    ErrorCode read_to_end(Connection& from) {
        uint8_t piece[64 * 1024];
        for (;;) {
            const auto got = read(from, piece);
            if (!got.has_value()) return got.error().code;
            if (*got == 0) return ErrorCode::ok;
        }
    }

    Env client_env_;
    Endpoint address_;
    std::unique_ptr<Listener> listener_;
    std::vector<ConnectionPtr> accepted_;
    ConnectionPtr client_;
    ConnectionPtr server_;
};

}  // namespace quern::conformance
