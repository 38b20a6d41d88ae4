#include "system/client/tokens.h"

#include "system/base/assert.h"
#include "system/base/limits.h"
#include "system/base/planted_bug.h"

namespace quern::client {

namespace {

constexpr uint64_t session_span_max = limits::session_inflight_max / 2;

}  // namespace

uint64_t Tokens::low(const Session& session) const {
    return session.under_way.empty() ? session.next_seq : *session.under_way.begin();
}

Token Tokens::begin(ClusterTime expires) {
    if (current_) {
        const Session& session = sessions_[current_];
        if (session.next_seq - low(session) >= session_span_max) current_ = SessionId{};
    }
    while (!current_) {
        const SessionId drawn(entropy_.next());
        if (drawn && sessions_.try_emplace(drawn).second) current_ = drawn;
    }
    Session& session = sessions_[current_];
    Token token;
    token.session = current_;
    token.seq = session.next_seq++;
    if (PLANTED(token_drawn_twice) && session.under_way.empty() && token.seq % 16 == 0) --token.seq;
    token.acked_below = low(session);
    if (session.under_way.empty()) token.acked_below = token.seq;
    token.expires = expires;
    session.under_way.insert(token.seq);
    return token;
}

void Tokens::end(const Token& token) {
    if (!token.session) return;
    const auto found = sessions_.find(token.session);
    QUERN_ASSERT(found != sessions_.end() && found->second.under_way.erase(token.seq) == 1);
    if (token.session != current_ && found->second.under_way.empty()) sessions_.erase(found);
}

void Tokens::retire(const Token& token) {
    if (token.session != current_) return;
    if (sessions_[current_].under_way.empty()) sessions_.erase(current_);
    current_ = SessionId{};
}

}  // namespace quern::client
