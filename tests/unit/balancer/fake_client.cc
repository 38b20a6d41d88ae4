#include "tests/unit/balancer/fake_cluster.h"

namespace quern::balancer {

Client::Client(sim::World& world, sim::Machine& machine, const Endpoint& to, const Credentials& as)
    : world_(world) {
    wire::Link::Options options;
    options.endpoint = to;
    options.name = as.key_id;
    options.secret.assign(as.secret.begin(), as.secret.end());
    options.frame_bytes_max = limits::frame_bytes_max_client;
    link_ = std::make_unique<wire::Link>(machine.env(), std::move(options), *this);
    link_->start();
}

bool Client::connect(Duration within) {
    return world_.run_until([this] { return link_->up(); }, within);
}

uint64_t Client::send(const wire::Request& request) {
    const uint64_t number = ++last_;
    link_->request(
        wire::FrameKind::request, wire::encode(request), Instant::never(),
        [this, number](Result<wire::Frame> frame) {
            if (!frame) {
                answers.emplace(number, fail(frame.error()));
                return;
            }
            answers.emplace(number, wire::decode_response(frame->body, frame->head_bytes));
        });
    return number;
}

Result<wire::Response> Client::ask(const wire::Request& request, Duration within) {
    const uint64_t number = send(request);
    world_.run_until([&] { return answers.contains(number); }, within);
    auto found = answers.find(number);
    if (found == answers.end()) return fail(ErrorCode::timed_out, "the test got no answer");
    return found->second;
}

ErrorCode Client::code(const wire::Request& request) {
    const Result<wire::Response> response = ask(request);
    return response ? response->error.code : response.error().code;
}

}  // namespace quern::balancer
