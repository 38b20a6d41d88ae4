// Writes the log: group commit, rolling to a new segment, holding writes while the disk is full.
//
// One batch is on its way to the disk at a time; what comes meanwhile goes out together as the next
// one. So a batch on disk proves that the one before it had completed. After a pause an empty batch
// is written for the same reason (the closing batch): damage to the last acknowledged batch can
// then be told from a torn tail.
//
// A full disk is a slow one: writes that find no room wait until there is some. Votes and snapshot markers
// are small and free space; what is left of the current segment is theirs.
#pragma once

#include <deque>
#include <map>
#include <set>
#include <vector>

#include "system/storage/batch_builder.h"
#include "system/storage/payload_cache.h"
#include "system/storage/segment_set.h"
#include "system/storage/wal_groups.h"

namespace quern::storage {

constexpr Duration closing_delay = Duration::milliseconds(20);

class WalWriter final : public SegmentSet::Listener {
public:
    class Listener {
    public:
        virtual ~Listener() = default;
        // A batch became durable; runs before the callbacks of its writes.
        virtual void on_batch_durable() = 0;
    };

    // The log goes on at `cursor`, in the current segment of segments(), which may be none yet.
    WalWriter(Env& env, GroupLogs& groups, PayloadCache& cache, const Uuid& node_uuid,
              uint64_t segment_bytes, uint32_t reserve_segments, Listener& listener);

    SegmentSet& segments() { return segments_; }
    const SegmentSet& segments() const { return segments_; }
    void start(const LogCursor& cursor, HeadLedger ledger);

    // See NodeStorage::write.
    void submit(std::vector<GroupChange> changes, Callback<void(Result<void>)> durable);
    // What was submitted and whose write has not begun: until then neither the log nor the cache knows of it,
    // while a majority may have committed it without us.
    struct QueuedEntry {
        bool decides = false;             // over what the log and the cache hold at the index
        const Buffer* payload = nullptr;  // null: the index is cut off
    };
    QueuedEntry queued_entry(GroupId group, LogIndex index) const;
    // Else it only adds to what the log and the cache hold.
    bool cuts_queued() const { return cuts_queued_ > 0; }
    bool failed() const { return state_ == State::failed; }
    // Writes wait for room on the disk.
    bool holds_writes() const { return holds_; }
    // Something of the group is not durable yet.
    bool pending(GroupId group) const { return queued_ends_.contains(group); }
    // Latches: every write, pending and later, gets io_failed.
    void fail_for_good(const Error& error);

    void on_spare(Result<void> made) override;

private:
    enum class State : uint8_t { stopped, idle, writing, waiting_for_spare, rolling, failed };
    struct Queued {
        size_t cuts = 0;  // records that end entries of a log
        ChangeRecords content;
        uint64_t payload_bytes = 0;
        bool has_entries = false;
        std::vector<GroupId> groups;  // of its changes; one without records waits for those before it
        Callback<void(Result<void>)> durable;
    };

    void pump();
    struct Choice {
        size_t count = 0;
        uint64_t bytes = 0;  // at most
    };
    // The longest run of queued writes within `bytes_max` and batch_bytes_target; with bytes_max
    // UINT64_MAX at least one.
    Choice choose_batch(uint64_t bytes_max) const;
    uint64_t room_bytes() const;
    void write_batch(size_t count);
    void apply_batch(const Batch& batch, const std::vector<Buffer>& payloads);
    void on_written(Result<void> done);
    void begin_roll(uint64_t batch_bytes);
    void on_spare_grown(uint64_t bytes, Result<void> grown);
    void write_checkpoint(uint64_t segment_bytes);
    void on_checkpoint_written(Result<void> done);
    void hold_for_space();
    // Moves the held writes that may go ahead, and have room, to the front; how many.
    size_t choose_urgent();
    bool may_overtake(const Queued& write, const std::set<GroupId>& held) const;
    void remove_unneeded_segments();
    void on_closing_timer();

    Env& env_;
    GroupLogs& groups_;
    PayloadCache& cache_;
    Uuid node_uuid_;
    Listener& listener_;
    SegmentSet segments_;
    State state_ = State::stopped;
    LogCursor cursor_;
    HeadLedger ledger_;
    std::deque<Queued> queue_;
    std::vector<Callback<void(Result<void>)>> in_flight_;
    // The log's ends with everything queued and in flight applied, of groups that have any.
    std::map<GroupId, LogEnds> queued_ends_;
    bool holds_ = false;
    size_t cuts_queued_ = 0;
    bool closed_ = true;  // nothing acknowledged lies in the last batch
    bool may_free_ = false;
    bool fresh_segment_ = true;  // holds nothing but its checkpoint
    OwnedTimer closing_timer_;
    OwnedTimer room_timer_;  // looks for room again
    Counter& batches_;
    Counter& bytes_written_;
    LifeGuard guard_;
};

}  // namespace quern::storage
