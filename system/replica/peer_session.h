// One authenticated connection that came in on the peer port: a node's raft messages, a balancer's
// forwards and queries.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "system/replica/host.h"

namespace quern::replica {

class PeerSession final : public wire::FrameHandler {
public:
    PeerSession(Env& env, ReplicaHost& host, uint64_t id,
                std::unique_ptr<wire::FrameConnection> connection, std::string name);
    ~PeerSession() override;  // forwards under way are cancelled

private:
    void on_frame(wire::FrameConnection& connection, wire::Frame frame) override;
    void on_closed(wire::FrameConnection& connection, const Error& reason) override;
    Result<void> dispatch(wire::Frame& frame);
    Result<void> forward(const wire::Frame& frame);
    Result<void> query(const wire::Frame& frame);
    Result<void> relay(const wire::Frame& frame);
    void reply(wire::FrameKind kind, uint64_t request_id, wire::Encoded message);

    Env& env_;
    ReplicaHost& host_;
    uint64_t id_;
    std::unique_ptr<wire::FrameConnection> connection_;
    std::string name_;
    std::map<uint64_t, uint64_t> forwards_;  // asker's request id → host's number
    LifeGuard guard_;
};

}  // namespace quern::replica
