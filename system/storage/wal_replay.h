// Recovery's judgement: segments in, the state of all groups out. Pure. The decision table is in
// docs/formats/wal.md.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "system/storage/payload_cache.h"
#include "system/storage/wal_groups.h"
#include "system/storage/wal_parse.h"

namespace quern::storage {

class WalReplay {
public:
    WalReplay(const Uuid& node_uuid, PayloadCache& cache);

    // Segments in the order of their numbers; ones without any batch only count as evidence that
    // the batch before them had completed. data_foreign: written by another node.
    Result<void> add(ParsedSegment segment);
    // All segments were added. corrupt: batches were lost at the end that no copy names, so a vote
    // may have been among them (R11); the node must come back under a new identity.
    Result<void> finish();

    GroupLogs take_groups() { return std::move(groups_); }
    // Where the next batch follows on; 1 and 0 for an empty log.
    uint64_t next_sequence() const { return next_sequence_ == 0 ? 1 : next_sequence_; }
    uint64_t last_hash() const { return last_hash_; }
    // The last segment with a batch (0: none), and where its kept batches end.
    uint64_t last_segment() const { return last_segment_; }
    uint64_t last_used_bytes() const { return last_used_bytes_; }
    bool empty() const { return next_sequence_ == 0; }
    // No spare was smaller when the last segment was begun: a smaller file behind it was cut short.
    uint64_t spare_bytes() const { return spare_bytes_; }
    // The last batch, if nothing on disk proves that its write had completed: it may be in the page
    // cache alone (the process was killed before its sync, or the sync failed). Empty otherwise.
    ChangeRecords take_unproven() { return std::move(unproven_); }
    // The newest heads, oldest first: about two ledger windows of the log.
    std::vector<Buffer> recent_heads() const;
    // One sentence each: what was found and decided.
    const std::vector<std::string>& findings() const { return findings_; }
    bool torn_tail_dropped() const { return torn_tail_dropped_; }

private:
    // What is known about the batch behind the ones being settled.
    struct Next {
        uint64_t sequence = 0;  // 0: there is none
        uint64_t previous_hash = 0;
    };
    using Slots = std::vector<std::optional<ParsedBatch>>;

    // Decides about all batches before `next` and applies them.
    Result<void> settle(const Next& next);
    uint64_t first_sequence() const;
    uint64_t batches_max() const;
    void place_found(Slots& slots, uint64_t first) const;
    void repair_from_copies(Slots& slots, uint64_t first, const Next& next);
    void drop_torn_tail(Slots& slots);
    void keep_unproven(const Slots& slots);
    bool something_behind(uint64_t segment) const;
    Result<void> apply(const ParsedBatch& batch);
    Result<void> apply_segment_start(const ParsedBatch& batch);
    const DecodedHead* find_copy(uint64_t sequence, std::optional<uint64_t> hash) const;
    ByteSpan bytes_of(uint64_t segment) const;
    Buffer payload_of(const Head& head, const Record& record) const;
    void note(std::string finding) { findings_.push_back(std::move(finding)); }

    Uuid node_uuid_;
    PayloadCache& cache_;
    GroupLogs groups_;
    std::vector<ParsedSegment> held_;  // until it is known what follows: at most two with batches
    uint64_t next_sequence_ = 0;       // 0: before the first batch
    uint64_t last_hash_ = 0;
    uint64_t last_segment_ = 0;
    uint64_t last_used_bytes_ = 0;
    uint64_t last_segment_bytes_recorded_ = 0;
    uint64_t last_segment_bytes_found_ = 0;
    uint64_t spare_bytes_ = 0;
    bool illegible_ = false;
    std::deque<Head> recent_;
    uint64_t recent_bytes_ = 0;
    Loss loss_;
    bool torn_tail_dropped_ = false;
    ChangeRecords unproven_;
    std::vector<std::string> findings_;
};

}  // namespace quern::storage
