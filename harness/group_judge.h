// Follows the committed log of one data group with a reference model, and holds every reply of the state
// machine against it; later, what clients were told. So each promise about queues is checked at each
// log index, whatever answers were lost on the way.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <vector>

#include "harness/effects.h"
#include "harness/history.h"
#include "harness/reference_queue.h"
#include "harness/verdict.h"

namespace quern::harness {

class GroupJudge {
public:
    GroupJudge(GroupId group, Effects& effects, Verdict& verdict)
        : group_(group), effects_(effects), verdict_(verdict) {}

    // The next entry begins; time is what the state machine made of its stamp. `now_ns` for verdicts.
    void begin(LogIndex index, ClusterTime time, int64_t now_ns);
    void command(const queue::Command& command, const queue::Reply& reply);
    // The entry has ended; `counters_of` tells the state machine's counters of a queue.
    void end(const std::function<queue::Counters(QueueId)>& counters_of);

    // Whether an ok answer to a client is what happened in the log.
    void check_answer(const Operation& op) const;
    // Whether a send that was refused is in no log.
    void check_refused(const Operation& op) const;
    // Whether a message of this content was ever accepted.
    bool was_sent(uint64_t hash) const { return sent_.contains(hash); }

    LogIndex index() const { return index_; }
    const std::map<QueueId, ReferenceQueue>& queues() const { return queues_; }
    uint64_t commands() const { return commands_; }

private:
    struct Birth {
        uint64_t hash = 0;
        uint32_t size_bytes = 0;
        LogIndex born;
        LogIndex gone{UINT64_MAX};
        ClusterTime sent;
    };
    struct Lease {
        LogIndex index;
        ClusterTime taken;
        std::vector<ClusterTime> until;  // as handed out, then as changed
    };
    using MessageKey = std::pair<QueueId, MessageSeq>;
    using LeaseKey = std::tuple<QueueId, MessageSeq, LeaseEpoch>;
    struct Remembered {
        LogIndex index;
        std::vector<MessageSeq> sent;
    };

    void found(const char* invariant, const std::string& text) const;
    bool check_token(const queue::Command& command, const queue::Reply& reply);
    void check_same_queue(const queue::Command& command, const TokenKey& key);
    void refused(const queue::Command& command, const Error& error);
    void ensure(const queue::Command& command, const queue::EnsureQueue& operation);
    void drop(const queue::Command& command);
    void send(QueueId id, ReferenceQueue& queue, const queue::Send& send,
              const queue::SendReply& reply);
    void receive(QueueId id, ReferenceQueue& queue, const queue::Receive& receive,
                 const queue::ReceiveReply& reply);
    void remove(QueueId id, ReferenceQueue& queue, const queue::Delete& deletion,
                const queue::DeleteReply& reply);
    void change(QueueId id, ReferenceQueue& queue, const queue::ChangeVisibility& change,
                const queue::ChangeVisibilityReply& reply);
    void note_removed(QueueId id, ReferenceQueue& queue);

    GroupId group_;
    Effects& effects_;
    Verdict& verdict_;
    LogIndex index_;
    ClusterTime time_;
    int64_t now_ns_ = 0;
    uint64_t commands_ = 0;
    std::map<QueueId, ReferenceQueue> queues_;
    std::set<QueueId> dropped_;
    std::set<QueueId> touched_;
    std::map<TokenKey, Remembered> tokens_;
    std::map<MessageKey, Birth> births_;
    std::set<uint64_t> sent_;  // hashes of contents
    std::map<LeaseKey, Lease> leases_;
    std::map<QueueId, std::vector<std::pair<LogIndex, queue::Counters>>> counted_;
};

}  // namespace quern::harness
