#include "system/balancer/upstreams.h"

#include <fmt/format.h>

#include <algorithm>

#include "system/base/limits.h"

namespace quern::balancer {

std::string peer_name(NodeId id, const NodeUuid& uuid) {
    return fmt::format("node:{}:{:016x}{:016x}", id.value, uuid.high, uuid.low);
}

namespace {

bool same_way(const metadata::NodeRecord& a, const metadata::NodeRecord& b) {
    return a.host == b.host && a.peer_port == b.peer_port;
}

Result<Answer> read_answer(wire::Frame frame) {
    if (frame.kind != wire::FrameKind::forward_reply) {
        return fail(Error(ErrorCode::protocol_error, "a node answered a forward with another frame")
                        .with_outcome(Outcome::unknown));
    }
    Answer answer;
    answer.message.head = frame.body.slice(0, frame.head_bytes);
    answer.message.attachments = BufferChain(frame.body.slice(frame.head_bytes));
    Result<wire::ResponseSummary> summary = wire::summarise_response(answer.message.head);
    if (!summary) return fail(std::move(summary.error()).with_outcome(Outcome::unknown));
    answer.summary = *summary;
    return answer;
}

Result<wire::QueryReply> read_reply(const wire::Frame& frame) {
    if (frame.kind != wire::FrameKind::query_reply) {
        return fail(Error(ErrorCode::protocol_error, "a node answered a query with another frame")
                        .with_outcome(Outcome::unknown));
    }
    Result<wire::QueryReply> reply = wire::decode_query_reply(frame);
    if (!reply) return fail(std::move(reply.error()).with_outcome(Outcome::unknown));
    return reply;
}

}  // namespace

Upstreams::Upstreams(Env& env, const Options& options, LocalStorage* local)
    : env_(env), options_(options), local_(local), local_timer_(env.timers), ping_timer_(env.timers) {
    ping_nodes();
}

Upstreams::~Upstreams() {
    if (local_ == nullptr) return;
    for (auto& [call, pending] : pending_) {
        if (is_local(pending.node) && pending.at_node != 0) local_->cancel(pending.at_node);
    }
}

// --- nodes --------------------------------------------------------------------------------------------

void Upstreams::set_nodes(const std::map<NodeId, metadata::NodeRecord>& nodes) {
    auto wanted = [&nodes](NodeId id) {
        auto found = nodes.find(id);
        return found != nodes.end() && found->second.storage &&
               found->second.state != metadata::NodeStateKind::removed;
    };
    for (auto it = nodes_.begin(); it != nodes_.end();) {
        if (wanted(it->first)) {
            ++it;
            continue;
        }
        end_link(std::move(it->second.link));
        it = nodes_.erase(it);
    }
    for (const auto& [id, record] : nodes) {
        if (!wanted(id)) continue;
        Node& node = nodes_[id];
        const bool moved = node.link != nullptr && !same_way(node.record, record);
        node.record = record;
        if (is_local(id) || (node.link != nullptr && !moved)) continue;
        end_link(std::move(node.link));
        node.link = make_link(record);
        node.link->start();
    }
}

std::unique_ptr<wire::Link> Upstreams::make_link(const metadata::NodeRecord& record) {
    wire::Link::Options options;
    options.endpoint = Endpoint{record.host, record.peer_port};
    options.port = wire::Port::peer;
    options.name = peer_name(options_.self, options_.self_uuid);
    options.secret = wire::peer_secret(options_.cluster_secret);
    options.software = "quern-balancer";
    options.frame_bytes_max = limits::frame_bytes_max_peer;
    options.handshake_timeout = Duration::seconds(2);
    wire::LinkHandler& handler = *this;
    return std::make_unique<wire::Link>(env_, std::move(options), handler);
}

// The link posts its outstanding answers: it must live until they ran.
void Upstreams::end_link(std::unique_ptr<wire::Link> link) {
    if (link == nullptr) return;
    link->stop();
    env_.loop.post([doomed = std::shared_ptr<wire::Link>(std::move(link))] {});
}

std::vector<NodeId> Upstreams::nodes() const {
    std::vector<NodeId> ids;
    for (const auto& [id, node] : nodes_) ids.push_back(id);
    return ids;
}

bool Upstreams::connected(NodeId node) const {
    if (is_local(node)) return true;
    auto found = nodes_.find(node);
    return found != nodes_.end() && found->second.link->up();
}

bool Upstreams::suspect(NodeId node) const {
    auto found = nodes_.find(node);
    if (found == nodes_.end()) return false;
    return found->second.quiet || env_.clock.now() < found->second.suspect_until;
}

void Upstreams::ping_nodes() {
    const Instant now = env_.clock.now();
    for (auto& [id, node] : nodes_) {
        if (node.link == nullptr || !node.link->up()) continue;
        if (node.link->heard() + ping_interval / 2 > now) {
            node.quiet = false;
            continue;
        }
        node.link->request(wire::FrameKind::ping, wire::encode(wire::Ping{now}), now + pong_patience,
                           guard_.wrap([this, id = id, now](Result<wire::Frame> frame) {
                               pinged(id, now, frame.has_value());
                           }));
    }
    ping_timer_.start(now + ping_interval, [this] { ping_nodes(); });
}

void Upstreams::pinged(NodeId id, Instant asked, bool answered) {
    auto found = nodes_.find(id);
    if (found == nodes_.end() || found->second.link == nullptr) return;
    Node& node = found->second;
    const bool quiet = !answered && node.link->up() && node.link->heard() < asked;
    if (quiet && !node.quiet) {
        env_.metrics.counter("balancer_nodes_quiet").add();
        env_.log.write(LogLevel::warning, "balancer",
                       fmt::format("nothing comes from node {}; it is tried last", id.value));
    }
    node.quiet = quiet;
}

void Upstreams::on_link_up(wire::Link&, const wire::HelloReply&) {}

void Upstreams::on_link_down(wire::Link& link, const Error& reason) {
    env_.log.write(LogLevel::debug, "balancer",
                   link.options().endpoint.to_string() + " is not reachable: " + reason.detail);
}

void Upstreams::on_link_frame(wire::Link&, wire::Frame) {}

// --- requests -----------------------------------------------------------------------------------------

Upstreams::Call Upstreams::add(NodeId node, Instant deadline,
                               std::variant<ForwardDone, QueryDone> done) {
    last_call_ = last_call_.next();
    pending_.emplace(last_call_, Pending{node, 0, env_.clock.now(), deadline, std::move(done)});
    return last_call_;
}

Upstreams::Call Upstreams::forward(NodeId node, const wire::Forward& request, Instant deadline,
                                   ForwardDone done) {
    const Call call = add(node, deadline, std::move(done));
    if (is_local(node)) {
        pending_.at(call).at_node =
            local_->forward(request, guard_.wrap([this, call](wire::Encoded response) {
                answered_locally(call, std::move(response));
            }));
        arm_local_timer(deadline);
        return call;
    }
    auto found = nodes_.find(node);
    if (found == nodes_.end()) {
        refuse_later(call, Error(ErrorCode::connection_refused,
                                 fmt::format("node {} is not known", node.value)));
    } else {
        send(call, found->second, wire::FrameKind::forward, wire::encode(request), deadline);
    }
    return call;
}

Upstreams::Call Upstreams::query(NodeId node, const wire::Query& query, Instant deadline,
                                 QueryDone done) {
    const Call call = add(node, deadline, std::move(done));
    if (is_local(node)) {
        local_->query(query, guard_.wrap([this, call](wire::QueryReply reply) {
            auto pending = pending_.extract(call);
            if (pending.empty()) return;
            judge(pending.mapped(), nullptr);
            std::get<QueryDone>(pending.mapped().done)(std::move(reply));
        }));
        arm_local_timer(deadline);
        return call;
    }
    auto found = nodes_.find(node);
    if (found == nodes_.end()) {
        refuse_later(call, Error(ErrorCode::connection_refused,
                                 fmt::format("node {} is not known", node.value)));
    } else {
        send(call, found->second, wire::FrameKind::query, wire::encode(query), deadline);
    }
    return call;
}

void Upstreams::send(Call call, Node& node, wire::FrameKind kind, wire::Encoded message,
                     Instant deadline) {
    Pending& pending = pending_.at(call);
    pending.at_node =
        node.link->request(kind, std::move(message), deadline,
                           guard_.wrap([this, call](Result<wire::Frame> frame) {
                               answered(call, std::move(frame));
                           }));
}

void Upstreams::refuse_later(Call call, Error error) {
    env_.loop.post(guard_.wrap([this, call, reason = std::move(error)]() mutable {
        auto pending = pending_.extract(call);
        if (!pending.empty()) finish(std::move(pending.mapped()), std::move(reason));
    }));
}

void Upstreams::cancel(Call call) {
    auto pending = pending_.extract(call);
    if (pending.empty()) return;
    const Pending& was = pending.mapped();
    if (is_local(was.node)) {
        if (was.at_node != 0) local_->cancel(was.at_node);
        return;
    }
    auto node = nodes_.find(was.node);
    if (node == nodes_.end() || was.at_node == 0) return;
    wire::Link& link = *node->second.link;
    link.cancel(was.at_node);
    if (std::holds_alternative<ForwardDone>(was.done)) {
        link.send(wire::encode_frame(wire::FrameKind::cancel, was.at_node, Buffer()));
    }
}

// --- answers ------------------------------------------------------------------------------------------

void Upstreams::answered(Call call, Result<wire::Frame> frame) {
    auto found = pending_.extract(call);
    if (found.empty()) return;
    Pending pending = std::move(found.mapped());
    if (!frame) return finish(std::move(pending), std::move(frame.error()));
    if (frame->kind == wire::FrameKind::relay_failed) return relay_failed(std::move(pending), *frame);
    judge(pending, nullptr);
    if (auto* done = std::get_if<ForwardDone>(&pending.done)) {
        (*done)(read_answer(std::move(*frame)));
    } else {
        std::get<QueryDone>(pending.done)(read_reply(*frame));
    }
}

void Upstreams::answered_locally(Call call, wire::Encoded response) {
    auto found = pending_.extract(call);
    if (found.empty()) return;
    Pending pending = std::move(found.mapped());
    judge(pending, nullptr);
    Result<wire::ResponseSummary> summary = wire::summarise_response(response.head);
    QUERN_ASSERT(summary.has_value());
    std::get<ForwardDone>(pending.done)(Answer{std::move(response), *summary});
}

Upstreams::Call Upstreams::forward_via(NodeId via, NodeId node, const wire::Forward& request,
                                       Instant deadline, ForwardDone done) {
    const Call call = add(via, deadline, std::move(done));
    relay(call, via, node, wire::FrameKind::forward, wire::encode(request), deadline);
    return call;
}

Upstreams::Call Upstreams::query_via(NodeId via, NodeId node, const wire::Query& query,
                                     Instant deadline, QueryDone done) {
    const Call call = add(via, deadline, std::move(done));
    relay(call, via, node, wire::FrameKind::query, wire::encode(query), deadline);
    return call;
}

void Upstreams::relay(Call call, NodeId via, NodeId node, wire::FrameKind kind, wire::Encoded message,
                      Instant deadline) {
    Pending& pending = pending_.at(call);
    pending.relayed = true;
    const int64_t left_ms = std::max<int64_t>(1, (deadline - env_.clock.now()).to_milliseconds());
    if (is_local(via)) {
        wire::Relay relay{node, kind, left_ms, static_cast<uint32_t>(message.head.size()), {}};
        BufferChain body(std::move(message.head));
        body.append(message.attachments);
        relay.body = body.flatten();
        pending.at_node = local_->relay(std::move(relay),
                                        guard_.wrap([this, call](Result<wire::Frame> frame) {
                                            answered(call, std::move(frame));
                                        }));
        return arm_local_timer(deadline);
    }
    auto found = nodes_.find(via);
    if (found == nodes_.end()) {
        return refuse_later(call, Error(ErrorCode::connection_refused,
                                        fmt::format("node {} is not known", via.value)));
    }
    send(call, found->second, wire::FrameKind::relay,
         wire::encode_relay(node, kind, left_ms, std::move(message)), deadline);
}

void Upstreams::relay_failed(Pending pending, const wire::Frame& frame) {
    const Result<wire::RelayFailed> failed = wire::decode_relay_failed(frame);
    const bool sent = !failed || failed->sent;
    finish(std::move(pending),
           Error(sent ? ErrorCode::connection_reset : ErrorCode::connection_refused,
                 fmt::format("node {} could not pass it on", pending.node.value))
               .with_outcome(sent ? Outcome::unknown : Outcome::not_applied));
}

void Upstreams::finish(Pending pending, Error error) {
    judge(pending, &error);
    if (auto* done = std::get_if<ForwardDone>(&pending.done)) {
        (*done)(fail(std::move(error)));
    } else {
        std::get<QueryDone>(pending.done)(fail(std::move(error)));
    }
}

bool Upstreams::stalls(Node& node, Instant asked, Instant now) {
    if (node.link != nullptr) {
        if (node.link->heard() >= node.unheard_since) node.unheard = 0;
        if (node.unheard++ == 0) node.unheard_since = asked;
    }
    if (now - asked >= attempt_telling_min) ++node.timeouts;
    return node.timeouts >= timeouts_max ||
           (node.unheard >= timeouts_max && now - node.unheard_since >= silence_telling);
}

void Upstreams::judge(const Pending& pending, const Error* error) {
    if (pending.relayed && error != nullptr) return;
    auto found = nodes_.find(pending.node);
    if (found == nodes_.end()) return;
    Node& node = found->second;
    if (error == nullptr) {
        node.timeouts = 0;
        node.suspect_until = Instant{};
        return;
    }
    const Instant now = env_.clock.now();
    if (error->code != ErrorCode::timed_out || !stalls(node, pending.started, now)) return;
    node.timeouts = 0;
    node.unheard = 0;
    node.suspect_until = now + suspect_time;
    env_.metrics.counter("balancer_nodes_suspected").add();
    env_.log.write(LogLevel::warning, "balancer",
                   fmt::format("node {} does not answer; it is tried last for a while",
                               pending.node.value));
    if (node.link == nullptr) return;
    end_link(std::move(node.link));
    node.link = make_link(node.record);
    node.link->start();
}

// --- deadlines of local requests ----------------------------------------------------------------------

void Upstreams::arm_local_timer(Instant deadline) {
    if (deadline == Instant::never()) return;
    if (local_timer_.pending() && local_timer_.deadline() <= deadline) return;
    local_timer_.start(deadline, [this] { local_deadlines_due(); });
}

// An answer may cancel another request that is due as well, so each is looked up when its turn comes.
void Upstreams::local_deadlines_due() {
    const Instant now = env_.clock.now();
    Instant earliest = Instant::never();
    std::vector<Call> due;
    for (const auto& [call, pending] : pending_) {
        if (!is_local(pending.node)) continue;
        if (pending.deadline <= now) {
            due.push_back(call);
        } else {
            earliest = std::min(earliest, pending.deadline);
        }
    }
    arm_local_timer(earliest);
    for (const Call call : due) {
        auto pending = pending_.extract(call);
        if (pending.empty()) continue;
        if (pending.mapped().at_node != 0) local_->cancel(pending.mapped().at_node);
        finish(std::move(pending.mapped()),
               Error(ErrorCode::timed_out, "no answer from this node's storage in time"));
    }
}

}  // namespace quern::balancer
