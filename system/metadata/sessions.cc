#include "system/metadata/sessions.h"

#include <algorithm>

#include "system/base/limits.h"
#include "system/base/planted_bug.h"

namespace quern::metadata {

namespace {

Reply refusal(Error error, CatalogueVersion version) {
    return Reply{.result = std::move(error), .version = version};
}

Reply overloaded(std::string detail, CatalogueVersion version) {
    return refusal(Error(ErrorCode::overloaded, std::move(detail)).with_outcome(Outcome::unknown),
                   version);
}

ClusterTime remembered_until(const Token& token, ClusterTime now) {
    return std::min(token.expires, now.plus_ms(limits::session_idle_ms_max));
}

}  // namespace

std::optional<Reply> Sessions::recall(const Token& token, ClusterTime now,
                                      CatalogueVersion version) {
    if (!token.session) return std::nullopt;
    auto found = sessions_.find(token.session);
    if (found != sessions_.end()) {
        Session& session = found->second;
        if (auto stored = session.replies.find(token.seq); stored != session.replies.end()) {
            Reply reply = stored->second.reply;
            reply.repeated = true;
            return reply;
        }
        if (token.seq < session.acked_below) {
            return refusal(Error(ErrorCode::session_expired,
                                 "the reply to this request was acknowledged and forgotten"),
                           version);
        }
    }
    if (now > token.expires) {
        return refusal(Error(ErrorCode::deadline_exceeded, "the request came after its deadline"),
                       version);
    }
    if (token.seq < token.acked_below) {
        return refusal(Error(ErrorCode::invalid_argument, "the token is acknowledged already"),
                       version);
    }
    if (found == sessions_.end()) {
        if (sessions_.size() >= bounds_.sessions_max) {
            return overloaded("too many sessions in the catalogue", version);
        }
    } else {
        forget_acked(found->second, token.acked_below);
        forget_expired(found->second, now);
        if (found->second.replies.size() >= bounds_.inflight_max) {
            return overloaded("the session has too many unacknowledged requests", version);
        }
    }
    if (replies_bytes_ >= bounds_.replies_bytes_max) {
        return overloaded("too many remembered replies in the catalogue", version);
    }
    return std::nullopt;
}

void Sessions::remember(const Token& token, const Reply& reply, ClusterTime now) {
    if (!token.session || PLANTED(catalogue_forgets_tokens)) return;
    Session& session = sessions_[token.session];
    const ClusterTime until = remembered_until(token, now);
    forget_acked(session, token.acked_below);
    replies_bytes_ += reply_bytes(reply);
    const bool inserted = session.replies.try_emplace(token.seq, Stored{reply, until}).second;
    QUERN_ASSERT(inserted);
    keep_until(token.session, session, std::max(session.keep_until, until));
}

void Sessions::keep_until(SessionId id, Session& session, ClusterTime until) {
    by_deadline_.erase({session.keep_until, id});
    session.keep_until = until;
    by_deadline_.emplace(until, id);
}

void Sessions::forget_acked(Session& session, uint64_t acked_below) {
    if (acked_below <= session.acked_below) return;
    session.acked_below = acked_below;
    while (!session.replies.empty() && session.replies.begin()->first < acked_below) {
        replies_bytes_ -= reply_bytes(session.replies.begin()->second.reply);
        session.replies.erase(session.replies.begin());
    }
}

void Sessions::forget_expired(Session& session, ClusterTime now) {
    std::erase_if(session.replies, [&](const auto& entry) {
        if (now <= entry.second.expires) return false;
        replies_bytes_ -= reply_bytes(entry.second.reply);
        return true;
    });
}

void Sessions::expire(ClusterTime now, size_t count_max) {
    for (size_t i = 0; i < count_max && !by_deadline_.empty(); ++i) {
        const auto [until, id] = *by_deadline_.begin();
        if (now <= until) return;
        auto found = sessions_.find(id);
        QUERN_ASSERT(found != sessions_.end());
        for (const auto& [seq, stored] : found->second.replies) {
            replies_bytes_ -= reply_bytes(stored.reply);
        }
        sessions_.erase(found);
        by_deadline_.erase(by_deadline_.begin());
    }
}

ClusterTime Sessions::next_deadline() const {
    return by_deadline_.empty() ? ClusterTime::never() : by_deadline_.begin()->first.plus_ms(1);
}

void Sessions::write(ByteWriter& writer) const {
    writer.u64(sessions_.size());
    for (const auto& [id, session] : sessions_) {
        writer.u64(id.value);
        writer.u64(session.acked_below);
        writer.i64(session.keep_until.ms);
        writer.u64(session.replies.size());
        for (const auto& [seq, stored] : session.replies) {
            writer.u64(seq);
            writer.i64(stored.expires.ms);
            write_reply(writer, stored.reply);
            writer.cut();
        }
        writer.cut();
    }
}

bool Sessions::read_session(ByteReader& reader, SessionId previous, ClusterTime now) {
    const SessionId id(reader.u64());
    if (!reader.ok() || id <= previous) return false;
    Session session;
    session.acked_below = reader.u64();
    session.keep_until = ClusterTime{reader.i64()};
    const uint64_t replies = reader.count(bounds_.inflight_max);
    for (uint64_t i = 0; i < replies && reader.ok(); ++i) {
        const uint64_t seq = reader.u64();
        const ClusterTime expires{reader.i64()};
        Reply reply = read_reply(reader);
        if (seq < session.acked_below || expires > session.keep_until) return false;
        if (!session.replies.empty() && seq <= session.replies.rbegin()->first) return false;
        replies_bytes_ += reply_bytes(reply);
        session.replies.try_emplace(seq, Stored{std::move(reply), expires});
    }
    if (!reader.ok() || session.keep_until > now.plus_ms(limits::session_idle_ms_max)) return false;
    by_deadline_.emplace(session.keep_until, id);
    sessions_.emplace(id, std::move(session));
    return true;
}

bool Sessions::read(ByteReader& reader, ClusterTime now) {
    QUERN_ASSERT(sessions_.empty());
    const uint64_t count = reader.count(bounds_.sessions_max);
    SessionId previous;
    for (uint64_t i = 0; i < count; ++i) {
        if (!read_session(reader, previous, now)) return false;
        previous = sessions_.rbegin()->first;
    }
    return reader.ok();
}

void Sessions::check_invariants() const {
    QUERN_ASSERT(sessions_.size() == by_deadline_.size());
    QUERN_ASSERT(sessions_.size() <= bounds_.sessions_max);
    size_t bytes = 0;
    for (const auto& [id, session] : sessions_) {
        QUERN_ASSERT(id);
        QUERN_ASSERT(by_deadline_.contains({session.keep_until, id}));
        QUERN_ASSERT(session.replies.size() <= bounds_.inflight_max);
        for (const auto& [seq, stored] : session.replies) {
            QUERN_ASSERT(seq >= session.acked_below);
            QUERN_ASSERT(stored.expires <= session.keep_until);
            bytes += reply_bytes(stored.reply);
        }
    }
    QUERN_ASSERT(bytes == replies_bytes_);
}

}  // namespace quern::metadata
