// Where messages came from: Q2, Q10, Q11, Q12, Q13.
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "harness/checkers.h"

namespace quern::harness {

namespace {

std::string name_of(MessageKey key) {
    return fmt::format("message {} of queue {}", key.second.value, key.first.value);
}

// A refused entry of a batch counts as not attempted, like an operation that failed.
bool may_be_stored(const OpPart& attempt) {
    if (!attempt.op->possible()) return false;
    return !attempt.op->ok() || attempt.sent().error == ErrorCode::ok;
}

class OriginCheck {
public:
    OriginCheck(const HistoryIndex& index, Verdict& verdict) : index_(index), verdict_(verdict) {}

    void run() {
        for (const auto& [key, story] : index_.messages()) {
            check_unique(key, story);
            for (const OpPart& lease : story.leases) check_seen(key, story, lease);
            for (const OpPart& peek : story.peeks) check_seen(key, story, peek);
        }
        for (const auto& [content, ids] : unclaimed_) check_budget(content, ids);
    }

private:
    void check_unique(MessageKey key, const MessageStory& story) {
        for (size_t i = 1; i < story.sends.size(); ++i) {
            verdict_.add("Q11", fmt::format("{} is the answer to two sends: {} and {}", name_of(key),
                                            to_string(*story.sends[0].op),
                                            to_string(*story.sends[i].op)),
                         story.sends[i].op->returned_ns);
        }
        for (size_t i = 1; i < story.leases.size(); ++i) {
            const OpPart& a = story.leases[i - 1];
            const OpPart& b = story.leases[i];
            if (a.seen().epoch != b.seen().epoch) continue;
            verdict_.add("Q11", fmt::format("lease {} of {} was handed out twice: {} and {}",
                                            a.seen().epoch.value, name_of(key), to_string(*a.op),
                                            to_string(*b.op)),
                         std::max(a.op->returned_ns, b.op->returned_ns));
        }
    }

    void check_seen(MessageKey key, const MessageStory& story, const OpPart& seen) {
        const uint64_t hash = seen.seen().hash;
        const int64_t at = seen.op->returned_ns;
        if (!story.sends.empty()) {
            if (story.sends[0].sent().hash != hash || story.sends[0].op->queue != seen.op->queue) {
                verdict_.add("Q12", fmt::format("{} holds other bytes than were sent: {}; sent by {}",
                                                name_of(key), to_string(*seen.op),
                                                to_string(*story.sends[0].op)),
                             at);
            }
            return;
        }
        const auto found = index_.contents().find({seen.op->queue, hash});
        if (found == index_.contents().end()) {
            verdict_.add("Q2", fmt::format("{} holds bytes that nobody sent to {}: {}", name_of(key),
                                           seen.op->queue, to_string(*seen.op)),
                         at);
            return;
        }
        auto [first, fresh] = unclaimed_[found->first].try_emplace(key, seen.op);
        if (!fresh && seen.op->returned_ns < first->second->returned_ns) first->second = seen.op;
    }

    // As many messages without a known sender may hold a content as sends have an open outcome.
    void check_budget(const ContentKey& content, const std::map<MessageKey, const Operation*>& ids) {
        const std::vector<OpPart>& attempts = index_.contents().at(content);
        size_t open = 0;
        size_t refused = 0;
        for (const OpPart& attempt : attempts) {
            if (!may_be_stored(attempt)) {
                ++refused;
            } else if (!attempt.op->ok()) {
                ++open;
            }
        }
        if (ids.size() > open) {
            const auto& [key, op] = *ids.begin();
            const bool lied = refused > 0 && open == 0;
            verdict_.add(lied ? "Q13" : "Q10",
                         fmt::format("{} ({} ids, {} sends of unknown outcome) was stored {}: {}; "
                                     "sent by {}",
                                     name_of(key), ids.size(), open,
                                     lied ? "though its send was refused" : "more often than sent",
                                     to_string(*op), to_string(*attempts[0].op)),
                         op->returned_ns);
            return;
        }
        for (const auto& [key, op] : ids) {
            const bool sent_before =
                std::any_of(attempts.begin(), attempts.end(), [op = op](const OpPart& attempt) {
                    return attempt.op->invoked_ns < op->returned_ns;
                });
            if (sent_before) continue;
            verdict_.add("Q2", fmt::format("{} was seen before it was sent: {}", name_of(key),
                                           to_string(*op)),
                         op->returned_ns);
        }
    }

    const HistoryIndex& index_;
    Verdict& verdict_;
    // Messages that no answer to a send named, by content, with the first to see them.
    std::map<ContentKey, std::map<MessageKey, const Operation*>> unclaimed_;
};

}  // namespace

void check_origin(const HistoryIndex& index, Verdict& verdict) { OriginCheck(index, verdict).run(); }

}  // namespace quern::harness
