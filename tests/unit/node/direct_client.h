// A client for tests that speaks the native protocol over one link, one call at a time.
#pragma once

#include <optional>

#include "sim/cluster.h"
#include "system/base/checksum.h"
#include "system/wire/link.h"

namespace quern::sim {

class DirectClient final : public wire::LinkHandler {
public:
    DirectClient(World& world, const std::string& name, const Endpoint& to)
        : world_(world), session_(hash64(as_bytes(name))) {
        MachineOptions options;
        options.name = name;
        machine_ = &world.add_machine(std::move(options));
        wire::Link::Options link;
        link.endpoint = to;
        link.name = admin_key_id;
        const std::string secret = admin_secret;
        link.secret.assign(secret.begin(), secret.end());
        link.frame_bytes_max = limits::frame_bytes_max_client;
        link_ = std::make_unique<wire::Link>(machine_->env(), std::move(link), *this);
        link_->start();
    }

    bool connect(Duration within = Duration::seconds(10)) {
        return world_.run_until([this] { return link_->up(); }, within);
    }

    struct Call {
        bool done = false;
        std::optional<wire::Response> answer;
    };
    // Sends the request; the world has to run for it to be done.
    std::shared_ptr<Call> begin(const std::string& queue, wire::Operation operation,
                                Duration deadline = Duration::seconds(10)) {
        wire::Request request;
        request.queue_name = queue;
        request.token = {session_, ++next_token_, next_token_, ClusterTime::never()};
        request.deadline_ms = deadline.to_milliseconds();
        request.operation = std::move(operation);
        auto call = std::make_shared<Call>();
        link_->request(wire::FrameKind::request, wire::encode(request),
                       machine_->env().clock.now() + deadline * 2,
                       [this, call](Result<wire::Frame> frame) {
                           call->done = true;
                           if (!frame) {
                               last_error = frame.error();
                               return;
                           }
                           Result<wire::Response> decoded =
                               wire::decode_response(frame->body, frame->head_bytes);
                           if (decoded) call->answer = std::move(*decoded);
                       });
        return call;
    }

    // The answer, or nothing if none came within the deadline.
    std::optional<wire::Response> call(const std::string& queue, wire::Operation operation,
                                       Duration deadline = Duration::seconds(10)) {
        const std::shared_ptr<Call> call = begin(queue, std::move(operation), deadline);
        world_.run_until([&] { return call->done; }, deadline * 2 + Duration::seconds(1));
        return call->answer;
    }

    // The next call repeats the last one: it has its token.
    void repeat() { --next_token_; }

    Error last_error;
    Machine& machine() { return *machine_; }

private:
    void on_link_up(wire::Link&, const wire::HelloReply&) override {}
    void on_link_down(wire::Link&, const Error& reason) override { last_error = reason; }
    void on_link_frame(wire::Link&, wire::Frame) override {}

    World& world_;
    Machine* machine_ = nullptr;
    std::unique_ptr<wire::Link> link_;
    SessionId session_;
    uint64_t next_token_ = 0;
};

inline wire::SendRequest send_request(std::string_view body) {
    queue::SendEntry entry;
    entry.content = as_bytes(body);
    entry.body_bytes = static_cast<uint32_t>(body.size());
    wire::SendRequest request;
    request.entries.push_back(entry);
    return request;
}

}  // namespace quern::sim
