// What was answered to which client token, so that a command applied twice takes effect once and
// gets its first reply (Q10). All replies are kept, refusals too: a late duplicate of a refused
// command must not take effect either.
//
// A session lives until the cluster time has passed the last `expires` of its tokens; by then every
// duplicate is refused by its own `expires`. A token that claims to live longer than
// limits::session_idle_ms_max is remembered for that long. Sessions are never ended earlier: at the
// bounds a new command is refused with overloaded, outcome unknown (another copy may still come).
#pragma once

#include <map>
#include <set>

#include "system/metadata/command.h"
#include "system/metadata/record_codec.h"

namespace quern::metadata {

class Sessions {
public:
    struct Bounds {
        size_t sessions_max = limits::catalogue_sessions_max;
        size_t inflight_max = limits::session_inflight_max;
        size_t replies_bytes_max = limits::catalogue_replies_bytes_max;
    };
    explicit Sessions(const Bounds& bounds) : bounds_(bounds) {}

    // The reply to give without applying, if there is one: the first reply (marked repeated), or
    // deadline_exceeded, session_expired, overloaded. Otherwise the command is to be applied and
    // its reply given to remember().
    std::optional<Reply> recall(const Token& token, ClusterTime now, CatalogueVersion version);
    void remember(const Token& token, const Reply& reply, ClusterTime now);

    // Ends sessions whose time has passed, at most `count_max` of them.
    void expire(ClusterTime now, size_t count_max);
    // The first time at which expire() has work; never() if there is no session.
    ClusterTime next_deadline() const;

    size_t size() const { return sessions_.size(); }
    size_t replies_bytes() const { return replies_bytes_; }

    void write(ByteWriter& writer) const;
    // False: damaged. Only on an empty object; `now` is the time of the snapshot.
    bool read(ByteReader& reader, ClusterTime now);
    void check_invariants() const;

private:
    struct Stored {
        Reply reply;
        ClusterTime expires;
    };
    struct Session {
        uint64_t acked_below = 0;
        ClusterTime keep_until;
        std::map<uint64_t, Stored> replies;  // by seq
    };

    void forget_acked(Session& session, uint64_t acked_below);
    void forget_expired(Session& session, ClusterTime now);
    void keep_until(SessionId id, Session& session, ClusterTime until);
    bool read_session(ByteReader& reader, SessionId previous, ClusterTime now);

    Bounds bounds_;
    size_t replies_bytes_ = 0;
    std::map<SessionId, Session> sessions_;
    std::set<std::pair<ClusterTime, SessionId>> by_deadline_;
};

}  // namespace quern::metadata
