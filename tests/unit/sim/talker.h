// Two ends of a conversation, for tests of the network.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "sim/world/world.h"

namespace quern::sim {

struct Talker {
    std::unique_ptr<Connection> connection;
    std::array<uint8_t, 4096> memory{};
    std::string text;
    int writes_done = 0;
    bool ended = false;
    ErrorCode error = ErrorCode::ok;
    LifeGuard guard;

    bool open() const { return connection != nullptr; }
    void connect(Machine& from, const Endpoint& to) {
        from.env().network.connect(to,
                                   guard.wrap([this](Result<std::unique_ptr<Connection>> result) {
                                       if (result) {
                                           connection = std::move(*result);
                                       } else {
                                           error = result.error().code;
                                       }
                                   }));
    }
    void write(std::string_view bytes) {
        connection->write(Buffer::copy_of(bytes), [this](Result<void> result) {
            if (result) {
                ++writes_done;
            } else {
                error = result.error().code;
            }
        });
    }
    // Reads until the end or an error.
    void read_all() {
        connection->read(memory, [this](Result<size_t> result) {
            if (!result) {
                error = result.error().code;
            } else if (*result == 0) {
                ended = true;
            } else {
                text.append(reinterpret_cast<const char*>(memory.data()), *result);
                read_all();
            }
        });
    }
};

struct Acceptor {
    std::vector<std::unique_ptr<Talker>> peers;
    std::unique_ptr<Listener> listener;

    Acceptor(Machine& at, uint16_t port, bool read_at_once = false) {
        listener = std::move(*at.env().network.listen(
            {at.name(), port}, [this, read_at_once](std::unique_ptr<Connection> connection) {
                peers.push_back(std::make_unique<Talker>());
                peers.back()->connection = std::move(connection);
                if (read_at_once) peers.back()->read_all();
            }));
    }
};

}  // namespace quern::sim
