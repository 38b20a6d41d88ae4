// The WAL's segment files: those in use, oldest first, and spares, preallocated and zero-filled,
// whose room is the reserve for a full disk.
//
// A file gets its final name only when it has its full size on disk (`N.new`, allocate, sync,
// rename, sync_directory), so a short `N.seg` has been damaged.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "system/io/env.h"

namespace quern::storage {

constexpr const char* wal_folder = "wal";
std::string segment_path(uint64_t number);      // wal/NNNNNNNNNN.seg
std::string segment_new_path(uint64_t number);  // wal/NNNNNNNNNN.new
// The number in a file name with this ending, or 0.
uint64_t segment_number(const std::string& file_name, const std::string& ending);

struct Segment {
    uint64_t number = 0;
    std::shared_ptr<File> file;  // shared with reads under way, which outlive the removal
    uint64_t bytes = 0;
};

class SegmentSet {
public:
    class Listener {
    public:
        virtual ~Listener() = default;
        // A spare came, or (error) could not be made; no_space is tried again by itself.
        virtual void on_spare(Result<void> made) = 0;
    };

    SegmentSet(Env& env, uint64_t segment_bytes, uint32_t reserve_segments, Listener& listener);

    // From recovery; numbers rise.
    void add_used(Segment segment);
    void add_spare(Segment segment);

    // Makes spares up to the reserve, one at a time.
    void fill_reserve();
    bool has_spare() const { return !spares_.empty(); }
    bool making_spare() const { return making_; }
    // The last attempt to make a spare found no space, and none has succeeded since.
    bool short_of_space() const { return short_of_space_; }
    uint64_t spare_bytes() const { return segment_bytes_; }
    const Segment& next_spare() const { return spares_.front(); }
    // The first spare becomes the current segment, `bytes` long.
    void promote_spare(uint64_t bytes);

    bool empty() const { return used_.empty(); }
    const Segment& current() const { return used_.back(); }
    uint64_t oldest_number() const { return used_.empty() ? 0 : used_.front().number; }
    std::shared_ptr<File> file_of(uint64_t number) const;  // null if it is gone
    // Gives up segments below `number`, never the current one. Their files go in order, each only when the
    // removal of the one before it is durable: whatever a power loss brings back, the log has no gap.
    void remove_below(uint64_t number);
    uint64_t used_bytes() const;

private:
    void make_spare();
    void on_opened(Result<std::unique_ptr<File>> file);
    void on_allocated(Result<void> done);
    void on_synced(Result<void> done);
    void on_renamed(Result<void> done);
    void on_folder_synced(Result<void> done);
    void give_up(Error error);
    void remove_next();
    void on_removals_durable(Result<void> done);

    Env& env_;
    uint64_t segment_bytes_;
    uint32_t reserve_segments_;
    Listener& listener_;
    std::deque<Segment> used_;
    std::deque<Segment> spares_;
    uint64_t highest_number_ = 0;
    std::deque<std::string> doomed_;  // paths, lowest number first
    bool removing_ = false;
    bool making_ = false;
    bool short_of_space_ = false;
    Segment in_making_;
    OwnedTimer retry_;
    LifeGuard guard_;
};

}  // namespace quern::storage
