// One queue of a data group: its messages, counters and the operations on them. Decides; what goes with
// it for the whole group (time, hash, dead bodies) comes in through ApplyContext.
//
// Standard queue. A message is ready, delayed or leased. The oldest ready message is handed out first,
// also when it came back from a lease. Boundaries, all in cluster time T:
//   a lease until U is over at T = U; a delay until U is over at T = U;
//   a message sent at S is past retention at T = S + retention, whatever its state: it is not handed
//   out, its receipts have no effect, and the next sweep counts it as expired.
// Purge takes the whole table away, so receipts of purged messages find nothing; sequence numbers go on.
#pragma once

#include "system/base/checksum.h"
#include "system/queue/command.h"
#include "system/queue/due_index.h"
#include "system/queue/graveyard.h"
#include "system/queue/message_table.h"
#include "system/queue/queue_schedule.h"

namespace quern::queue {

constexpr int64_t visibility_ms_max = 12LL * 3600 * 1000;
// Of attributes and delays: about 34,000 years, so that sums with a time cannot overflow.
constexpr int64_t span_ms_max = int64_t{1} << 50;

// invalid_attribute if times are negative or beyond span_ms_max, or visibility beyond 12 h. The ranges
// that users see are the catalogue's to check.
Result<void> check_attributes(const Attributes& attributes);

struct ApplyContext {
    LogIndex index;
    ClusterTime time;
    const uint8_t* payload = nullptr;  // of the entry
    RollingHash& hash;
    std::vector<BodyRef>& dead;
    Graveyard& graveyard;
};

// The logical state of a queue: what a snapshot holds. Shared with snapshots until changed.
struct QueueData {
    uint32_t references = 1;
    Attributes attributes;
    CatalogueVersion version;  // of the record
    Counters counters;
    uint64_t leased_bytes = 0;
    MessageSeq next_seq{1};
    MessageTable table;

    QueueData() = default;
    QueueData(const QueueData& o)
        : attributes(o.attributes), version(o.version), counters(o.counters),
          leased_bytes(o.leased_bytes), next_seq(o.next_seq), table(o.table) {}
    QueueData* duplicate() const { return new QueueData(*this); }
    void destroy() { delete this; }

    // Holds more than its attributes allow (they were lowered).
    bool over_size() const;
    bool past_retention(const MessageRecord& record, ClusterTime now) const {
        return record.sent_ms <= now.ms - attributes.retention_ms;
    }
    // The oldest live message that is not past retention, or no_message.
    MessageSeq first_current(ClusterTime now) const;
};

Delivery delivery_of(MessageSeq seq, const MessageRecord& record);

class QueueState {
public:
    QueueState(QueueId id, CatalogueVersion version, const Attributes& attributes);
    // Restores; `data` is valid.
    QueueState(QueueId id, Shared<QueueData> data);

    // The commands. An Error in the reply means that nothing was changed.
    Reply send(ApplyContext& ctx, const Send& command);
    Reply receive(ApplyContext& ctx, const Receive& command);
    Reply remove(ApplyContext& ctx, const Delete& command);
    Reply change_visibility(ApplyContext& ctx, const ChangeVisibility& command);
    Reply purge(ApplyContext& ctx);
    void set_attributes(CatalogueVersion version, const Attributes& attributes);
    // Hands all messages to the graveyard; the queue is about to go.
    void bury(ApplyContext& ctx);
    // The deliveries of an earlier receive whose leases still stand.
    ReceiveReply redeliver(ClusterTime now, const ReceiveReply& first) const;

    // Ends leases and delays that are due, in the order of (time, message); returns how many.
    size_t sweep_due(ApplyContext& ctx, size_t count_max);
    // Expires what is past retention; then, with overflow = drop_oldest, drops what is too much since
    // the maximum was lowered. Returns how many.
    size_t sweep_excess(ApplyContext& ctx, size_t count_max);
    // When those have work; never() if there is nothing to wait for, 0 if there is some at any time.
    ClusterTime due_deadline() const;
    ClusterTime excess_deadline() const;

    QueueId id() const { return id_; }
    const QueueData& data() const { return *data_; }
    Shared<QueueData> share() const { return data_; }
    bool has_ready(ClusterTime now) const;
    size_t memory_bytes() const;
    const DueIndex& due() const { return due_; }
    // Messages became ready since the last call.
    bool take_became_ready() { return std::exchange(became_ready_, false); }

    Scheduled due_place;
    Scheduled excess_place;
    bool announced = false;  // stands in the group's list of ready queues

private:
    SendResult send_one(ApplyContext& ctx, const SendEntry& entry);
    bool make_room(ApplyContext& ctx, uint64_t bytes, SendResult& refusal);
    ErrorCode remove_one(ApplyContext& ctx, const Receipt& receipt);
    ErrorCode change_one(ApplyContext& ctx, const VisibilityChange& change);
    bool foreign(const Receipt& receipt) const;
    void hand_out(ApplyContext& ctx, MessageSeq seq, int64_t visibility_ms, ReceiveReply& reply);
    void make_ready(MessageSeq seq, MessageState before);
    // Counts the message out of the live ones and into `gone`.
    void take_out(ApplyContext& ctx, MessageSeq seq, uint64_t& gone);
    void drop_oldest(ApplyContext& ctx);
    void limit_stale();

    QueueId id_;
    Shared<QueueData> data_;
    DueIndex due_;
    bool became_ready_ = false;
};

}  // namespace quern::queue
