// What was answered to which token (Q10; thesis 6.3). All decisions depend on log entries alone.
//
// Per session a window of results by token number. A result is forgotten when the client says that it
// will not ask again (acked_below), when limits::session_inflight_max newer ones came, when its session
// was idle for limits::session_idle_ms_max, or, least recently used sessions first, beyond
// limits::sessions_max sessions or results_bytes_max bytes.
//
// A token whose result may have been forgotten is never applied: below the window of its session it is
// session_expired with outcome unknown. When a whole session is forgotten, the latest `expires` of its
// tokens becomes a floor: a token of an unknown session that expires at or before the floor gets the
// same answer, since it may be a late duplicate. Tokens that never expire raise no floor; a client that
// wants the guarantee stamps them.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "system/base/ids.h"
#include "system/base/result.h"
#include "system/queue/shared.h"
#include "system/queue/types.h"

namespace quern::queue {

// Of all stored replies of a group, counting result_overhead_bytes for each.
constexpr uint64_t results_bytes_max = 64ULL * 1024 * 1024;
constexpr uint64_t result_overhead_bytes = 48;

struct StoredResult {
    uint64_t seq = 0;
    std::string reply;  // stored_reply.h
};

struct SessionData {
    uint32_t references = 1;
    SessionId id;
    UserId principal;
    uint64_t low = 0;  // tokens below are forgotten
    ClusterTime last_used;
    ClusterTime expires_max{0};  // of its tokens, those that never expire aside
    std::deque<StoredResult> results;  // by seq

    SessionData() = default;
    SessionData(const SessionData& o)
        : id(o.id), principal(o.principal), low(o.low), last_used(o.last_used),
          expires_max(o.expires_max), results(o.results) {}
    SessionData* duplicate() const { return new SessionData(*this); }
    void destroy() { delete this; }
};

class SessionTable {
public:
    enum class Verdict : uint8_t {
        fresh,      // not applied before; go on, then call remember()
        repeated,   // `reply` holds the first result
        forgotten,  // may have been applied before
        late,       // certainly not applied before, and past its expiry
    };
    struct Check {
        Verdict verdict = Verdict::fresh;
        const std::string* reply = nullptr;  // valid until the next call
    };

    SessionTable() = default;
    SessionTable(SessionTable&&) noexcept = default;  // places are linked by address, which moves keep
    SessionTable& operator=(SessionTable&&) noexcept = default;
    // Restores; sessions least recently used first.
    SessionTable(std::vector<Shared<SessionData>> sessions, ClusterTime forgotten_expires);
    // Looks the token up, forgetting what it acknowledges. A session belongs to its principal:
    // another user's session of the same number is another session.
    Check check(UserId principal, const Token& token, ClusterTime now);
    // Whether check() would find it repeated.
    bool remembers(UserId principal, const Token& token) const;
    void remember(UserId principal, const Token& token, ClusterTime now, std::string reply);
    // Ends up to `count_max` sessions that were idle too long.
    void expire_idle(ClusterTime now, size_t count_max);

    ClusterTime forgotten_expires() const { return forgotten_expires_; }
    size_t size() const { return places_.size(); }
    uint64_t results_bytes() const { return bytes_; }
    // Least recently used first.
    std::vector<Shared<SessionData>> share() const;
    bool consistent() const;

private:
    struct Key {
        SessionId session;
        UserId principal;
        auto operator<=>(const Key&) const = default;
    };
    // A session in the list from least to most recently used.
    struct Place {
        Shared<SessionData> data;
        Place* older = nullptr;
        Place* newer = nullptr;
    };

    Place& insert(Key key, Shared<SessionData> data);
    void use(Place& place, ClusterTime now);
    void link_newest(Place& place);
    void unlink(Place& place);
    void end_oldest();
    void drop_first(SessionData& session);
    void keep_bounds(Place& current);

    std::map<Key, Place> places_;
    Place* oldest_ = nullptr;
    Place* newest_ = nullptr;
    uint64_t bytes_ = 0;
    ClusterTime forgotten_expires_{0};
};

}  // namespace quern::queue
