#include "tests/unit/queue/model.h"

#include <fmt/format.h>

namespace quern::queue::test {

namespace {

constexpr int64_t twelve_hours = 12LL * 3600 * 1000;

std::string text(const SendReply& r) {
    std::string out = "send";
    for (const SendResult& s : r.results) {
        out += fmt::format(" {}:{}:{}:{}", error_name(s.error), s.seq.value, s.limit, s.actual);
    }
    return out;
}

std::string text(const ReceiveReply& r) {
    std::string out = "receive";
    for (const Delivery& d : r.deliveries) {
        out += fmt::format(" {}/{}@{}+{}+{}({}) n{} s{} f{} u{}", d.seq.value, d.epoch.value,
                           d.content.index.value, d.content.offset_bytes, d.content.size_bytes,
                           d.body_bytes, d.receive_count, d.sent.ms, d.first_received.ms,
                           d.leased_until.ms);
    }
    return out;
}

std::string codes(const char* name, const std::vector<ErrorCode>& list) {
    std::string out = name;
    for (const ErrorCode code : list) out += fmt::format(" {}", error_name(code));
    return out;
}

struct Text {
    std::string operator()(const SendReply& r) const { return text(r); }
    std::string operator()(const ReceiveReply& r) const { return text(r); }
    std::string operator()(const DeleteReply& r) const { return codes("delete", r.results); }
    std::string operator()(const ChangeVisibilityReply& r) const { return codes("change", r.results); }
    std::string operator()(const PurgeReply& r) const { return fmt::format("purge {}", r.purged); }
    std::string operator()(const Done&) const { return "done"; }
    std::string operator()(const Error& e) const {
        return fmt::format("error {} {} {} {}", error_name(e.code), static_cast<int>(e.outcome),
                           e.limit, e.actual);
    }
};

Error error(ErrorCode code, int64_t limit = -1, int64_t actual = -1) {
    return Error(code, "", limit, actual);
}

}  // namespace

std::string describe(const Reply& reply) {
    return std::visit(Text{}, reply.result) + (reply.repeated ? " repeated" : "");
}

std::string describe(const Counters& c) {
    return fmt::format("ready {} delayed {} leased {} bytes {} sent {} received {} deleted {} "
                       "expired {} purged {} dropped {}",
                       c.ready, c.delayed, c.leased, c.live_bytes, c.sent, c.received, c.deleted,
                       c.expired, c.purged, c.dropped);
}

Counters Model::Queue::counters() const {
    Counters c;
    for (const auto& [seq, m] : messages) {
        if (m.state == MessageState::ready) ++c.ready;
        if (m.state == MessageState::delayed) ++c.delayed;
        if (m.state == MessageState::leased) ++c.leased;
        c.live_bytes += m.content.size_bytes;
    }
    c.sent = sent;
    c.received = received;
    c.deleted = deleted;
    c.expired = expired;
    c.purged = purged;
    c.dropped = dropped;
    return c;
}

void Model::begin_entry(uint64_t index, int64_t stamped) {
    index_ = index;
    time_ = std::max(time_, stamped);
    for (auto& [id, q] : queues_) {
        q.expired += std::erase_if(q.messages, [&](const auto& m) { return gone(q, m.second); });
        trim(q, 0, 0);
        for (auto& [seq, m] : q.messages) {
            if (m.state == MessageState::ready || m.until > time_) continue;
            m.state = MessageState::ready;
            m.until = 0;
        }
    }
    for (auto it = sessions_.begin(); it != sessions_.end();) {
        const bool idle = it->second.last_used + 10 * 60 * 1000 <= time_;
        if (idle) forgotten_ = std::max(forgotten_, it->second.expires_max);
        it = idle ? sessions_.erase(it) : std::next(it);
    }
}

Reply Model::apply(const Command& c, const uint8_t* payload) {
    const bool plain = std::holds_alternative<EnsureQueue>(c.operation) ||
                       std::holds_alternative<DropQueue>(c.operation) ||
                       std::holds_alternative<Tick>(c.operation);
    if (plain || !c.token.session) return once(c, payload);
    const auto key = std::pair(c.token.session.value, c.principal.value);
    auto it = sessions_.find(key);
    if (it == sessions_.end() && c.token.expires.ms <= forgotten_) {
        return {error(ErrorCode::session_expired)};
    }
    if (it != sessions_.end()) {
        Session& s = it->second;
        s.low = std::max(s.low, c.token.acked_below);
        s.results.erase(s.results.begin(), s.results.lower_bound(s.low));
        if (c.token.seq < s.low) return {error(ErrorCode::session_expired)};
        auto found = s.results.find(c.token.seq);
        if (found != s.results.end()) {
            s.last_used = time_;
            if (found->second.kind != c.operation.index() || found->second.queue != c.queue.value) {
                Error used = error(ErrorCode::invalid_argument);
                used.outcome = Outcome::unknown;
                return {used};
            }
            Reply reply = found->second.reply;
            reply.repeated = true;
            if (auto* r = std::get_if<ReceiveReply>(&reply.result)) {
                std::vector<Delivery> still;
                auto queue = queues_.find(c.queue.value);
                for (const Delivery& d : r->deliveries) {
                    if (queue == queues_.end()) break;
                    auto m = queue->second.messages.find(d.seq.value);
                    if (m == queue->second.messages.end() || gone(queue->second, m->second)) continue;
                    if (m->second.state != MessageState::leased) continue;
                    if (m->second.receives != d.epoch.value || m->second.until <= time_) continue;
                    still.push_back(delivery(d.seq.value, m->second));
                }
                r->deliveries = still;
            }
            return reply;
        }
    }
    if (time_ > c.token.expires.ms) {
        return {error(ErrorCode::deadline_exceeded, c.token.expires.ms, time_)};
    }
    Reply reply = once(c, payload);
    if (const Error* e = std::get_if<Error>(&reply.result)) {
        if (e->code == ErrorCode::needs_attributes || e->code == ErrorCode::stale_catalogue) return reply;
    }
    // A receive that found nothing may be asked again.
    const auto* received = std::get_if<ReceiveReply>(&reply.result);
    if (received != nullptr && received->deliveries.empty()) return reply;
    Session& s = sessions_[key];
    s.low = std::max(s.low, c.token.acked_below);
    s.last_used = time_;
    if (c.token.expires != ClusterTime::never()) {
        s.expires_max = std::max(s.expires_max, c.token.expires.ms);
    }
    if (c.token.seq >= s.low) s.results[c.token.seq] = {c.operation.index(), c.queue.value, reply};
    return reply;
}

Reply Model::once(const Command& c, const uint8_t* payload) {
    const uint64_t id = c.queue.value;
    if (std::holds_alternative<Tick>(c.operation)) return {Done{}};
    if (std::holds_alternative<DropQueue>(c.operation)) {
        floor_ = std::max(floor_, c.record_version.value);
        queues_.erase(id);
        return {Done{}};
    }
    auto it = queues_.find(id);
    if (const auto* e = std::get_if<EnsureQueue>(&c.operation)) {
        if (std::max(c.record_version, e->as_of).value < floor_) {
            return {error(ErrorCode::stale_catalogue, static_cast<int64_t>(floor_),
                          static_cast<int64_t>(c.record_version.value))};
        }
        Queue& q = queues_[id];
        if (it != queues_.end() && q.version >= c.record_version.value) return {Done{}};
        q.version = c.record_version.value;
        q.attributes = e->attributes;
        return {Done{}};
    }
    if (it == queues_.end() || it->second.version < c.record_version.value) {
        return {error(ErrorCode::needs_attributes)};
    }
    Queue& q = it->second;
    if (q.version > c.record_version.value) return {error(ErrorCode::stale_catalogue)};
    if (const auto* o = std::get_if<Send>(&c.operation)) return send(q, *o, payload);
    if (const auto* o = std::get_if<Receive>(&c.operation)) return receive(q, *o);
    if (const auto* o = std::get_if<Delete>(&c.operation)) return remove(q, id, *o);
    if (const auto* o = std::get_if<ChangeVisibility>(&c.operation)) return change(q, id, *o);
    const uint64_t purged = q.messages.size();
    q.purged += purged;
    q.messages.clear();
    return {PurgeReply{purged}};
}

bool Model::fits(const Queue& q, uint64_t bytes) const {
    const Counters c = q.counters();
    const Attributes& a = q.attributes;
    return (a.queue_messages_max == 0 || c.live() + 1 <= a.queue_messages_max) &&
           (a.queue_bytes_max == 0 || c.live_bytes + bytes <= a.queue_bytes_max);
}

// Drops ready messages, then delayed ones, oldest first, until what is there and `extra` are allowed.
void Model::trim(Queue& q, uint64_t extra_messages, uint64_t extra_bytes) {
    if (q.attributes.overflow != Overflow::drop_oldest) return;
    auto over = [&] {
        const Counters c = q.counters();
        const Attributes& a = q.attributes;
        return (a.queue_messages_max != 0 && c.live() + extra_messages > a.queue_messages_max) ||
               (a.queue_bytes_max != 0 && c.live_bytes + extra_bytes > a.queue_bytes_max);
    };
    for (const MessageState state : {MessageState::ready, MessageState::delayed}) {
        for (auto it = q.messages.begin(); it != q.messages.end() && over();) {
            const bool drop = it->second.state == state;
            q.dropped += drop ? 1 : 0;
            it = drop ? q.messages.erase(it) : std::next(it);
        }
    }
}

Reply Model::send(Queue& q, const Send& c, const uint8_t* payload) {
    if (c.entries.empty()) return {error(ErrorCode::batch_empty)};
    SendReply reply;
    for (const SendEntry& e : c.entries) reply.results.push_back(send_one(q, e, payload));
    return {reply};
}

SendResult Model::send_one(Queue& q, const SendEntry& e, const uint8_t* payload) {
    const uint64_t size = e.content.size();
    const Attributes& a = q.attributes;
    auto refuse = [](ErrorCode code, uint64_t limit, uint64_t actual) {
        return SendResult{code, {}, static_cast<int64_t>(limit), static_cast<int64_t>(actual)};
    };
    if (size > a.message_bytes_max) {
        return refuse(ErrorCode::message_too_large, a.message_bytes_max, size);
    }
    while (!fits(q, size) && !q.messages.empty() && gone(q, q.messages.begin()->second)) {
        q.messages.erase(q.messages.begin());
        ++q.expired;
    }
    if (!fits(q, size)) {
        Queue trial = q;
        // A queue that is over its limits already is trimmed by time first.
        Queue as_is = q;
        trim(as_is, 0, 0);
        if (as_is.messages.size() == q.messages.size()) trim(trial, 1, size);
        if (!fits(trial, size)) {
            const Counters held = q.counters();
            if (a.queue_messages_max != 0 && held.live() + 1 > a.queue_messages_max) {
                return refuse(ErrorCode::queue_full, a.queue_messages_max, held.live() + 1);
            }
            return refuse(ErrorCode::queue_full, a.queue_bytes_max, held.live_bytes + size);
        }
        q = trial;
    }
    Message m;
    const ptrdiff_t offset = size == 0 ? 0 : e.content.data() - payload;
    m.content = {LogIndex{index_}, static_cast<uint32_t>(offset), static_cast<uint32_t>(size)};
    m.body_bytes = e.body_bytes;
    m.sent = time_;
    const int64_t delay = e.delay_ms < 0 ? a.delay_ms : e.delay_ms;
    if (delay > 0) {
        m.state = MessageState::delayed;
        m.until = time_ + delay;
    }
    const uint64_t seq = q.next_seq++;
    ++q.sent;
    q.messages[seq] = m;
    return SendResult{ErrorCode::ok, MessageSeq{seq}, -1, -1};
}

Delivery Model::delivery(uint64_t seq, const Message& m) const {
    Delivery d;
    d.seq = MessageSeq{seq};
    d.epoch = LeaseEpoch{m.receives};
    d.content = m.content;
    d.body_bytes = m.body_bytes;
    d.receive_count = m.receives;
    d.sent = ClusterTime{m.sent};
    d.first_received = ClusterTime{m.first_received};
    d.leased_until = ClusterTime{m.until};
    return d;
}

bool Model::has_ready(uint64_t queue) const {
    auto it = queues_.find(queue);
    if (it == queues_.end()) return false;
    for (const auto& [seq, m] : it->second.messages) {
        if (m.state == MessageState::ready && !gone(it->second, m)) return true;
    }
    return false;
}

Reply Model::receive(Queue& q, const Receive& c) {
    const uint64_t leased_max = q.attributes.leased_messages_max;
    ReceiveReply reply;
    uint64_t bytes = 0;
    const int64_t visibility = c.visibility_ms < 0 ? q.attributes.visibility_ms : c.visibility_ms;
    for (auto& [seq, m] : q.messages) {
        if (m.state != MessageState::ready || gone(q, m)) continue;
        const bool at_limit = visibility > 0 && q.counters().leased >= leased_max;
        if (reply.deliveries.empty() && at_limit) {
            return {error(ErrorCode::over_limit, static_cast<int64_t>(leased_max),
                          static_cast<int64_t>(q.counters().leased))};
        }
        if (at_limit || reply.deliveries.size() == c.messages_max) break;
        bytes += m.content.size_bytes;
        if (!reply.deliveries.empty() && bytes > c.bytes_max) break;
        if (++m.receives == 1) m.first_received = time_;
        m.received = time_;
        m.until = time_ + visibility;
        ++q.received;
        reply.deliveries.push_back(delivery(seq, m));
        m.state = visibility > 0 ? MessageState::leased : MessageState::ready;
        if (visibility == 0) m.until = 0;
    }
    return {reply};
}

Reply Model::remove(Queue& q, uint64_t id, const Delete& c) {
    DeleteReply reply;
    for (const Receipt& r : c.receipts) {
        const bool known = r.queue.value == id && r.seq.value > 0 && r.seq.value < q.next_seq;
        reply.results.push_back(known ? ErrorCode::ok : ErrorCode::receipt_invalid);
        auto it = q.messages.find(r.seq.value);
        if (!known || it == q.messages.end() || it->second.receives != r.epoch.value) continue;
        if (gone(q, it->second)) continue;
        q.messages.erase(it);
        ++q.deleted;
    }
    return {reply};
}

Reply Model::change(Queue& q, uint64_t id, const ChangeVisibility& c) {
    ChangeVisibilityReply reply;
    for (const VisibilityChange& v : c.changes) {
        const Receipt& r = v.receipt;
        ErrorCode code = ErrorCode::ok;
        auto it = q.messages.find(r.seq.value);
        if (r.queue.value != id || r.seq.value >= q.next_seq) {
            code = ErrorCode::receipt_invalid;
        } else if (it == q.messages.end() || it->second.receives != r.epoch.value ||
                   it->second.state != MessageState::leased || it->second.until <= time_ ||
                   gone(q, it->second)) {
            code = ErrorCode::receipt_stale;
        } else if (time_ + v.visibility_ms > it->second.received + twelve_hours) {
            code = ErrorCode::invalid_argument;
        } else if (v.visibility_ms == 0) {
            it->second.state = MessageState::ready;
            it->second.until = 0;
        } else {
            it->second.until = time_ + v.visibility_ms;
        }
        reply.results.push_back(code);
    }
    return {reply};
}

}  // namespace quern::queue::test
