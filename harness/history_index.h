// A history sorted for its checkers: who touched which message, which content was sent where, and from
// which log index on an operation can have taken effect. Built once, in O(n log n).
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "harness/history.h"

namespace quern::harness {

// An operation and one of its messages or receipts.
struct OpPart {
    const Operation* op = nullptr;
    size_t part = 0;
    const SentMessage& sent() const { return op->sent[part]; }
    const SeenMessage& seen() const { return op->seen[part]; }
    const ReceiptUse& use() const { return op->receipts[part]; }
};

using MessageKey = std::pair<QueueId, MessageSeq>;
using ContentKey = std::pair<std::string, uint64_t>;  // queue name, hash

// All that clients know about one message.
struct MessageStory {
    std::vector<OpPart> sends;    // that were told this id
    std::vector<OpPart> leases;   // by epoch
    std::vector<OpPart> peeks;
    std::vector<OpPart> deletes;  // with a genuine receipt of it
    std::vector<OpPart> changes;
};

// All that clients did to the queues of one name, by invocation.
struct QueueStory {
    std::vector<const Operation*> receives;
    std::vector<const Operation*> purges;
    std::vector<const Operation*> deletions;
    std::vector<const Operation*> creations;
    std::vector<const Operation*> settings;
    std::vector<const Operation*> statuses;
    int64_t retention_ms_min = 0;  // of all attributes that were ever asked for
    int64_t retention_ms_max = 0;
    int64_t delay_ms_max = 0;
    int64_t visibility_ms_min = INT64_MAX / 2'000'000;
    uint64_t leased_messages_min = UINT64_MAX;
    int64_t dedup_window_ms_min = 0;  // 0: there is none
    int64_t dedup_window_ms_max = 0;
    uint32_t receives_max = 0;        // the largest; 0: no dead letters
    bool drop_oldest = false;
};

class HistoryIndex {
public:
    // `history` must outlive this object.
    explicit HistoryIndex(const History& history);

    const History& history() const { return *history_; }
    const std::map<MessageKey, MessageStory>& messages() const { return messages_; }
    // Every attempt to send a content to a queue name.
    const std::map<ContentKey, std::vector<OpPart>>& contents() const { return contents_; }
    const std::map<std::string, QueueStory>& queues() const { return queues_; }
    // Who saw the copies of a dead letter, by the name of the queue it came from and its number there.
    using DeadLetterKey = std::pair<std::string, MessageSeq>;
    const std::map<DeadLetterKey, std::vector<OpPart>>& dead_letters() const { return dead_letters_; }
    const QueueStory& queue(const std::string& name) const { return queues_.at(name); }
    // The operation's effect has a larger index than this: that of the last answer of its group
    // that was out before it was invoked.
    LogIndex after(const Operation& op) const {
        return after_[static_cast<size_t>(&op - history_->operations.data())];
    }
    // The latest time that any client saw in the group.
    ClusterTime latest(GroupId group) const {
        const auto found = latest_.find(group);
        return found == latest_.end() ? ClusterTime{0} : found->second;
    }

private:
    void add(const Operation& op);
    void add_to_queue(const Operation& op);
    void find_bounds();

    const History* history_;
    std::map<MessageKey, MessageStory> messages_;
    std::map<ContentKey, std::vector<OpPart>> contents_;
    std::map<std::string, QueueStory> queues_;
    std::map<DeadLetterKey, std::vector<OpPart>> dead_letters_;
    std::map<GroupId, ClusterTime> latest_;
    std::vector<LogIndex> after_;
};

}  // namespace quern::harness
