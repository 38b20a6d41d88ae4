#include "harness/follow.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include <fmt/format.h>

#include "harness/run_record.h"
#include "sim/world/trace.h"
#include "system/base/limits.h"
#include "system/wire/client_messages.h"
#include "system/wire/peer_messages.h"

namespace quern::harness {

namespace {

template <typename T>
bool number(std::string_view text, T& value, int base = 10) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    return error == std::errc() && end == text.data() + text.size();
}

// Which kind of operation a request is, of those that carry tokens.
OpKind kind_of(const wire::Request& request) {
    struct Kind {
        OpKind operator()(const wire::SendRequest&) const { return OpKind::send; }
        OpKind operator()(const wire::ReceiveRequest&) const { return OpKind::receive; }
        OpKind operator()(const wire::DeleteRequest&) const { return OpKind::remove; }
        OpKind operator()(const wire::ChangeVisibilityRequest&) const { return OpKind::change_visibility; }
        OpKind operator()(const wire::PurgeRequest&) const { return OpKind::purge; }
        OpKind operator()(const wire::PeekRequest&) const { return OpKind::peek; }
        OpKind operator()(const wire::QueueStatusRequest&) const { return OpKind::status; }
        OpKind operator()(const wire::CreateQueueRequest&) const { return OpKind::create_queue; }
        OpKind operator()(const wire::DeleteQueueRequest&) const { return OpKind::delete_queue; }
        OpKind operator()(const wire::SetAttributesRequest&) const { return OpKind::set_attributes; }
        OpKind operator()(const wire::GrantRequest& grant) const {
            return grant.revoke ? OpKind::revoke : OpKind::grant;
        }
        OpKind operator()(const wire::ListQueuesRequest&) const { return OpKind::count; }
        OpKind operator()(const wire::CreateUserRequest&) const { return OpKind::count; }
        OpKind operator()(const wire::DeleteUserRequest&) const { return OpKind::count; }
        OpKind operator()(const wire::ListUsersRequest&) const { return OpKind::count; }
        OpKind operator()(const wire::ClusterStatusRequest&) const { return OpKind::count; }
        OpKind operator()(const wire::TransferLeaderRequest&) const { return OpKind::count; }
    };
    return std::visit(Kind{}, request.operation);
}

}  // namespace

std::optional<FollowTarget> FollowTarget::message(const std::string& text) {
    FollowTarget target;
    const size_t slash = text.rfind('/');
    if (slash != std::string::npos) {
        target.queue = text.substr(0, slash);
        uint64_t seq = 0;
        if (target.queue.empty() || !number(std::string_view(text).substr(slash + 1), seq)) return {};
        target.seq = MessageSeq(seq);
        return target;
    }
    if (text.size() < 8 || text.size() > 16 || !number(std::string_view(text), target.hash, 16)) return {};
    return target;
}

std::optional<FollowTarget> FollowTarget::request(const std::string& text) {
    FollowTarget target;
    const size_t mark = text.find('#');
    if (mark == std::string::npos || !text.starts_with('c')) return {};
    const std::string_view view = text;
    const bool good = number(view.substr(1, mark - 1), target.client) &&
                      number(view.substr(mark + 1), target.ordinal) && target.client > 0;
    return good ? std::optional(target) : std::nullopt;
}

struct Follow::Direction {
    wire::FrameDecoder decoder{limits::frame_bytes_max_peer};
    bool broken = false;
};

Follow::Follow(FollowTarget target, Callback<void(const std::string&)> line)
    : target_(std::move(target)), line_(std::move(line)) {}

Follow::~Follow() = default;

void Follow::watch(RunOptions& options) {
    options.asked = [this](const Operation& op) { asked(op); };
    options.answered = [this](const Operation& op) { answered(op); };
    options.applied = [this](const AppliedCommand& what) { applied(what); };
    if (target_.client == 0) return;
    options.flight = [this](const sim::Flight& flight, const std::string& from, const std::string& to) {
        flew(flight, from, to);
    };
}

void Follow::say(int64_t at_ns, const std::string& text) {
    ++lines_;
    line_("t=" + sim::time_text(sim::SimTime{at_ns}) + " " + text);
}

// --- clients ----------------------------------------------------------------------------------------

bool Follow::about(const Operation& op) const {
    if (target_.client != 0) return ours(op);
    auto hashed = [this](uint64_t hash) {
        return target_.hash != 0 && (hash == target_.hash || uint32_t(hash) == target_.hash);
    };
    auto numbered = [this, &op](MessageSeq seq) {
        return target_.seq && op.queue == target_.queue && seq == target_.seq;
    };
    return std::any_of(op.sent.begin(), op.sent.end(),
                       [&](const SentMessage& m) { return hashed(m.hash) || numbered(m.seq); }) ||
           std::any_of(op.seen.begin(), op.seen.end(),
                       [&](const SeenMessage& m) { return hashed(m.hash) || numbered(m.seq); }) ||
           std::any_of(op.receipts.begin(), op.receipts.end(), [&](const ReceiptUse& use) {
               return queue_ && use.receipt.queue == queue_ && use.receipt.seq == target_.seq;
           });
}

void Follow::asked(const Operation& op) {
    if (!about(op)) return;
    say(op.invoked_ns, fmt::format("client asks: {}", to_string(op)));
    waiting_ = target_.client != 0;
    kind_ = op.kind;
}

void Follow::answered(const Operation& op) {
    if (op.at.queue && !target_.queue.empty() && op.queue == target_.queue) queue_ = op.at.queue;
    if (!about(op)) return;
    say(op.returned_ns, fmt::format("client is told: {}", to_string(op)));
    for (const SentMessage& m : op.sent) {
        // A content's message: from now on by its number.
        const bool match = target_.hash != 0 && (m.hash == target_.hash || uint32_t(m.hash) == target_.hash);
        if (!match || m.error != ErrorCode::ok || !op.ok()) continue;
        target_.queue = op.queue;
        target_.seq = m.seq;
        queue_ = op.at.queue;
    }
}

// --- frames -----------------------------------------------------------------------------------------

void Follow::flew(const sim::Flight& flight, const std::string& from, const std::string& to) {
    now_ns_ = flight.sent.ns;
    auto& direction = directions_[flight.direction];
    if (!direction) direction = std::make_unique<Direction>();
    std::vector<wire::Frame> frames;
    for (const Buffer& part : flight.segment->data.parts()) {
        for (size_t at = 0; at < part.size() && !direction->broken;) {
            const std::span<uint8_t> space = direction->decoder.space();
            const size_t size = std::min(space.size(), part.size() - at);
            std::memcpy(space.data(), part.data() + at, size);
            direction->broken = !direction->decoder.consumed(size, frames);
            at += size;
        }
    }
    for (const wire::Frame& frame : frames) framed(frame, from + " to " + to, to + " to " + from);
}

void Follow::framed(const wire::Frame& frame, const std::string& path, const std::string& back) {
    const auto name = frame_kind_name(static_cast<uint16_t>(frame.kind));
    if (frame.kind == wire::FrameKind::response || frame.kind == wire::FrameKind::forward_reply) {
        if (expected_.erase({path, frame.request_id}) == 0) return;
        const auto response = wire::decode_response(frame.body, frame.head_bytes);
        return say(now_ns_, fmt::format("{} from {}: {}", name, path,
                                        response ? response->error.to_string() : "not readable"));
    }
    Result<wire::Request> request = fail(ErrorCode::not_found);
    std::string words;
    if (frame.kind == wire::FrameKind::request) {
        request = wire::decode_request(frame.body, frame.head_bytes);
    } else if (frame.kind == wire::FrameKind::forward) {
        const auto forward = wire::decode_forward(frame);
        if (!forward || forward->request.empty()) return;
        request = wire::decode_request(forward->request, forward->header.request_head_bytes);
        words = fmt::format(" (group {}, queue {}, record {}, authorised at {})",
                            forward->header.group.value, forward->header.queue.value,
                            forward->header.record_version.value, forward->header.authorised_at.value);
    }
    if (!request || !request->token.session) return;
    const TokenName token{request->token.session, request->token.seq};
    const bool from_us = path.starts_with("c" + std::to_string(target_.client) + " ");
    if (!token_ && from_us && frame.kind == wire::FrameKind::request) {
        const bool mine = waiting_ && kind_of(*request) == kind_ && !others_.contains(token);
        if (mine) token_ = token;
        if (!mine) others_.insert(token);
    }
    if (token_ != token) return;
    expected_.insert({back, frame.request_id});
    say(now_ns_, fmt::format("{} from {}{}, session {:x} number {}", name, path, words,
                             token.first.value, token.second));
}

// --- replicas ---------------------------------------------------------------------------------------

std::string Follow::effects(const AppliedCommand& what) const {
    std::string text;
    const auto& result = what.reply.result;
    const queue::Command& command = what.command;
    auto wanted = [&](MessageSeq seq) {
        return target_.client != 0 || (command.queue == queue_ && seq == target_.seq);
    };
    if (const auto* sent = std::get_if<queue::SendReply>(&result)) {
        for (const queue::SendResult& r : sent->results) {
            if (wanted(r.seq)) text += fmt::format(" stores {} ({})", r.seq.value, error_name(r.error));
        }
    } else if (const auto* received = std::get_if<queue::ReceiveReply>(&result)) {
        for (const queue::Delivery& d : received->deliveries) {
            if (!wanted(d.seq)) continue;
            text += fmt::format(" leases {}/{} for the {}th time", d.seq.value, d.epoch.value,
                                d.receive_count);
        }
    }
    if (const auto* deletion = std::get_if<queue::Delete>(&command.operation)) {
        for (const queue::Receipt& r : deletion->receipts) {
            if (wanted(r.seq)) text += fmt::format(" deletes {}/{}", r.seq.value, r.epoch.value);
        }
    } else if (const auto* change = std::get_if<queue::ChangeVisibility>(&command.operation)) {
        for (const queue::VisibilityChange& c : change->changes) {
            if (!wanted(c.receipt.seq)) continue;
            text += fmt::format(" leases {}/{} for {} ms more", c.receipt.seq.value,
                                c.receipt.epoch.value, c.visibility_ms);
        }
    } else if (std::holds_alternative<queue::Purge>(command.operation) && command.queue == queue_) {
        text += " purges the queue";
    } else if (std::holds_alternative<queue::DropQueue>(command.operation) && command.queue == queue_) {
        text += " drops the queue";
    }
    return text;
}

void Follow::applied(const AppliedCommand& what) {
    if (target_.client != 0) {
        if (!token_ || token_ != TokenName{what.command.token.session, what.command.token.seq}) return;
    }
    std::string text = effects(what);
    if (text.empty() && target_.client == 0) return;
    if (const auto* error = std::get_if<Error>(&what.reply.result)) text += " refuses: " + error->to_string();
    say(what.at_ns, fmt::format("s{} group {} index {} T={}{}:{}", what.node.value, what.group.value,
                                what.index.value, what.time.ms,
                                what.reply.repeated ? ", a repetition" : "", text));
}

}  // namespace quern::harness
