#include "system/queue/session_table.h"

#include <algorithm>

#include "system/base/planted_bug.h"

namespace quern::queue {

namespace {

uint64_t cost(const StoredResult& result) { return result.reply.size() + result_overhead_bytes; }

std::deque<StoredResult>::const_iterator position(const SessionData& session, uint64_t seq) {
    const auto& results = session.results;
    if (results.empty() || results.back().seq < seq) return results.end();
    return std::lower_bound(results.begin(), results.end(), seq,
                            [](const StoredResult& r, uint64_t s) { return r.seq < s; });
}

SessionId session_of(const Token& token) {
    return PLANTED(dedup_by_number_alone) ? SessionId{1} : token.session;
}

}  // namespace

SessionTable::SessionTable(std::vector<Shared<SessionData>> sessions, ClusterTime forgotten_expires)
    : forgotten_expires_(forgotten_expires) {
    for (Shared<SessionData>& data : sessions) {
        for (const StoredResult& r : data->results) bytes_ += cost(r);
        const Key key{data->id, data->principal};
        insert(key, std::move(data));
    }
}

SessionTable::Place& SessionTable::insert(Key key, Shared<SessionData> data) {
    Place& place = places_[key];
    QUERN_ASSERT(!place.data);
    place.data = std::move(data);
    link_newest(place);
    return place;
}

void SessionTable::link_newest(Place& place) {
    place.older = newest_;
    place.newer = nullptr;
    if (newest_ != nullptr) newest_->newer = &place;
    newest_ = &place;
    if (oldest_ == nullptr) oldest_ = &place;
}

void SessionTable::unlink(Place& place) {
    (place.older != nullptr ? place.older->newer : oldest_) = place.newer;
    (place.newer != nullptr ? place.newer->older : newest_) = place.older;
}

void SessionTable::use(Place& place, ClusterTime now) {
    place.data.edit().last_used = now;
    if (newest_ == &place) return;
    unlink(place);
    link_newest(place);
}

void SessionTable::drop_first(SessionData& session) {
    session.low = std::max(session.low, session.results.front().seq + 1);
    bytes_ -= cost(session.results.front());
    session.results.pop_front();
}

void SessionTable::end_oldest() {
    Place& place = *oldest_;
    for (const StoredResult& r : place.data->results) bytes_ -= cost(r);
    forgotten_expires_ = std::max(forgotten_expires_, place.data->expires_max);
    const Key key{place.data->id, place.data->principal};
    unlink(place);
    places_.erase(key);
}

SessionTable::Check SessionTable::check(UserId principal, const Token& token, ClusterTime now) {
    auto it = places_.find(Key{session_of(token), principal});
    if (it == places_.end()) {
        if (token.expires <= forgotten_expires_) return {Verdict::forgotten, nullptr};
        return {now > token.expires ? Verdict::late : Verdict::fresh, nullptr};
    }
    Place& place = it->second;
    if (token.acked_below > place.data->low) {
        SessionData& session = place.data.edit();
        while (!session.results.empty() && session.results.front().seq < token.acked_below) {
            drop_first(session);
        }
        session.low = token.acked_below;
    }
    if (token.seq < place.data->low) {
        return {PLANTED(late_duplicate_applied) ? Verdict::fresh : Verdict::forgotten, nullptr};
    }
    const auto found = position(*place.data, token.seq);
    if (found == place.data->results.end() || found->seq != token.seq) {
        const bool late = now > token.expires && !PLANTED(token_expiry_ignored);
        return {late ? Verdict::late : Verdict::fresh, nullptr};
    }
    use(place, now);
    return {Verdict::repeated, &position(*place.data, token.seq)->reply};
}

bool SessionTable::remembers(UserId principal, const Token& token) const {
    const auto place = places_.find(Key{session_of(token), principal});
    if (place == places_.end()) return false;
    const auto found = position(*place->second.data, token.seq);
    return found != place->second.data->results.end() && found->seq == token.seq;
}

void SessionTable::remember(UserId principal, const Token& token, ClusterTime now,
                            std::string reply) {
    const Key key{session_of(token), principal};
    auto it = places_.find(key);
    if (it == places_.end()) {
        auto* data = new SessionData;
        data->id = key.session;
        data->principal = principal;
        insert(key, Shared<SessionData>(data));
        it = places_.find(key);
    }
    Place& place = it->second;
    use(place, now);
    SessionData& session = place.data.edit();
    session.low = std::max(session.low, token.acked_below);
    if (token.expires != ClusterTime::never()) {
        session.expires_max = std::max(session.expires_max, token.expires);
    }
    if (token.seq < session.low) return;
    StoredResult result{token.seq, std::move(reply)};
    bytes_ += cost(result);
    session.results.insert(position(session, token.seq), std::move(result));
    keep_bounds(place);
}

void SessionTable::keep_bounds(Place& current) {
    SessionData& session = current.data.edit();
    while (session.results.size() > limits::session_inflight_max) drop_first(session);
    while (places_.size() > limits::sessions_max) end_oldest();
    while (bytes_ > results_bytes_max) {
        if (oldest_ != &current) {
            end_oldest();
        } else {
            drop_first(session);
        }
    }
}

void SessionTable::expire_idle(ClusterTime now, size_t count_max) {
    for (size_t i = 0; i < count_max && oldest_ != nullptr; ++i) {
        if (oldest_->data->last_used.ms > now.ms - limits::session_idle_ms_max) return;
        end_oldest();
    }
}

std::vector<Shared<SessionData>> SessionTable::share() const {
    std::vector<Shared<SessionData>> sessions;
    sessions.reserve(places_.size());
    for (const Place* p = oldest_; p != nullptr; p = p->newer) sessions.push_back(p->data);
    return sessions;
}

bool SessionTable::consistent() const {
    if (places_.size() > limits::sessions_max || bytes_ > results_bytes_max) return false;
    size_t count = 0;
    uint64_t bytes = 0;
    ClusterTime before{0};
    for (const Place* p = oldest_; p != nullptr; p = p->newer, ++count) {
        const SessionData& session = *p->data;
        if (session.last_used < before) return false;
        before = session.last_used;
        if (session.results.size() > limits::session_inflight_max) return false;
        uint64_t next = session.low;
        for (const StoredResult& r : session.results) {
            if (r.seq < next) return false;
            next = r.seq + 1;
            bytes += cost(r);
        }
    }
    return count == places_.size() && bytes == bytes_;
}

}  // namespace quern::queue
