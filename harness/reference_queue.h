// The reference model of one queue: contract.md in the plainest terms, maps and scans. Shares nothing
// with system/queue but the words of its commands.
#pragma once

#include <map>
#include <optional>
#include <set>

#include "system/queue/command.h"

namespace quern::harness {

class ReferenceQueue {
public:
    struct Message {
        uint32_t size_bytes = 0;
        queue::MessageState state = queue::MessageState::ready;
        int64_t due_ms = 0;  // of the lease or delay
        uint32_t epoch = 0;
        int64_t sent_ms = 0;
        int64_t received_ms = 0;
        int64_t first_received_ms = 0;
    };

    QueueAttributes attributes;
    CatalogueVersion version;

    const std::map<MessageSeq, Message>& live() const { return live_; }
    const std::set<MessageSeq>& ready() const { return ready_; }
    const queue::Counters& counters() const { return counters_; }
    MessageSeq next_seq() const { return next_seq_; }
    // Removed since the last call.
    std::vector<MessageSeq> take_removed() { return std::exchange(removed_, {}); }

    // Time reaches `now`. What is past retention goes, then what a lowered maximum leaves no room for, one
    // of `budget` each; what is left waits for the next entry.
    void end_old(int64_t now, size_t& budget);
    // Leases and delays that are due end, likewise.
    void end_due(int64_t now, size_t& budget);
    // The error that a message of this size must get now, making room first where that is allowed.
    ErrorCode admit(uint64_t size_bytes, int64_t now);
    MessageSeq accept(uint32_t size_bytes, int64_t delay_ms, int64_t now);
    void lease(MessageSeq seq, int64_t visibility_ms, int64_t now);
    void remove(MessageSeq seq, uint64_t queue::Counters::*gone);
    void set_due(MessageSeq seq, int64_t until_ms, int64_t now);
    uint64_t purge();
    bool past_retention(const Message& m, int64_t now) const {
        return m.sent_ms + attributes.retention_ms <= now;
    }
    const Message* find(MessageSeq seq) const {
        const auto found = live_.find(seq);
        return found == live_.end() ? nullptr : &found->second;
    }

private:
    void put(MessageSeq seq, Message& m, queue::MessageState state, int64_t due_ms);
    uint64_t& count_of(queue::MessageState state);
    bool over_size() const;
    bool fits(uint64_t size_bytes) const;
    void drop_oldest();

    std::map<MessageSeq, Message> live_;
    std::set<MessageSeq> ready_;
    std::set<std::pair<int64_t, MessageSeq>> due_;
    queue::Counters counters_;
    uint64_t leased_bytes_ = 0;
    MessageSeq next_seq_{1};
    std::vector<MessageSeq> removed_;
};

}  // namespace quern::harness
