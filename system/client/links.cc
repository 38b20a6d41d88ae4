#include "system/client/links.h"

#include "system/base/prng.h"

namespace quern::client {

namespace {

// Once it may be damage on the way; again and again it is a port of something else.
constexpr unsigned misunderstandings_max = 3;

bool for_good(ErrorCode code) {
    return code == ErrorCode::unauthenticated || code == ErrorCode::protocol_version;
}

}  // namespace

Links::Links(Env& env, const Options& options, LinksHandler& handler) : handler_(handler) {
    QUERN_ASSERT(!options.endpoints.empty());
    for (const Endpoint& endpoint : options.endpoints) {
        wire::Link::Options link;
        link.endpoint = endpoint;
        link.port = wire::Port::client;
        link.name = options.key_id;
        link.secret.assign(options.secret.begin(), options.secret.end());
        link.software = options.software;
        link.frame_bytes_max = limits::frame_bytes_max_client;
        link.silence_max = options.attempt_timeout;
        slots_.push_back({std::make_unique<wire::Link>(env, std::move(link), *this)});
    }
    preferred_ = bounded(env.entropy.next(), slots_.size());
}

void Links::want(size_t endpoint) {
    Slot& slot = slots_[endpoint];
    if (slot.started) return;
    slot.started = true;
    slot.link->start();
}

Links::Choice Links::choose(std::optional<size_t> endpoint) {
    const size_t first = endpoint.value_or(preferred_);
    QUERN_ASSERT(first < slots_.size());
    want(first);
    if (slots_[first].link->up()) return {slots_[first].link.get(), first};
    if (endpoint) return {};
    for (size_t step = 1; step < slots_.size(); ++step) {
        const size_t other = (first + step) % slots_.size();
        if (slots_[other].link->up()) return {slots_[other].link.get(), other};
    }
    return {};
}

void Links::failed(size_t endpoint) {
    if (endpoint == preferred_) prefer_next(endpoint);
}

void Links::prefer_next(size_t after) {
    preferred_ = (after + 1) % slots_.size();
    want(preferred_);
}

size_t Links::up_count() const {
    size_t count = 0;
    for (const Slot& slot : slots_) count += slot.link->up() ? 1 : 0;
    return count;
}

size_t Links::index_of(const wire::Link& link) const {
    size_t index = 0;
    while (slots_[index].link.get() != &link) ++index;
    return index;
}

void Links::on_link_up(wire::Link& link, const wire::HelloReply& server) {
    Slot& slot = slots_[index_of(link)];
    slot.refused = false;
    slot.misunderstandings = 0;
    handler_.on_link_usable(server);
}

void Links::on_link_down(wire::Link& link, const Error& reason) {
    const size_t index = index_of(link);
    last_error_ = reason;
    unsigned& misunderstandings = slots_[index].misunderstandings;
    misunderstandings = reason.code == ErrorCode::protocol_error ? misunderstandings + 1 : 0;
    slots_[index].refused =
        for_good(reason.code) || misunderstandings >= misunderstandings_max;
    failed(index);
    for (const Slot& slot : slots_) {
        if (slot.started && !slot.refused) return;
    }
    handler_.on_refused(reason);
}

void Links::on_link_frame(wire::Link&, wire::Frame) {}  // an answer nobody waits for any more

}  // namespace quern::client
