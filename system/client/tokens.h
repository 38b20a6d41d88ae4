// Client tokens: sessions, numbers and what is still under way.
//
// A group remembers the last limits::session_inflight_max results of a session. So that a call which
// takes long is not pushed out by later ones, a session takes no new numbers once it spans half of that;
// the next session takes over. Sessions end with their last call.
#pragma once

#include <map>
#include <set>

#include "system/base/token.h"
#include "system/io/entropy.h"

namespace quern::client {

class Tokens {
public:
    explicit Tokens(Entropy& entropy) : entropy_(entropy) {}

    // A new number of the current session; under way until end().
    Token begin(ClusterTime expires);
    // The token's call has ended and will not be asked again.
    void end(const Token& token);
    // No new numbers from this token's session.
    void retire(const Token& token);

private:
    struct Session {
        uint64_t next_seq = 1;
        std::set<uint64_t> under_way;
    };
    uint64_t low(const Session& session) const;

    Entropy& entropy_;
    std::map<SessionId, Session> sessions_;
    SessionId current_;  // 0: none
};

}  // namespace quern::client
