// The stored bodies of one group: appended to segment files, found through an index in memory.
//
// Appends and syncs run one after another in the order of the calls. A body can be read from the
// moment it was given. Segments with nothing alive are removed; what is half dead is rewritten when
// BodyStore says so.
#pragma once

#include <deque>
#include <map>
#include <set>
#include <memory>
#include <optional>

#include "system/io/env.h"
#include "system/storage/body_format.h"
#include "system/storage/body_index.h"
#include "system/storage/file_read.h"

namespace quern::storage {

class GroupBodies {
public:
    class Listener {
    public:
        virtual ~Listener() = default;
        // A write or sync failed for good. Must not destroy the caller.
        virtual void on_bodies_failed(const Error& error) = 0;
        // A segment is worth rewriting: see rewrite().
        virtual void on_rewrite_wanted(GroupId group) = 0;
    };
    struct Item {
        BodyRef body;
        Buffer bytes;
    };

    GroupBodies(Env& env, const BodySegmentId& id, uint64_t segment_bytes, Listener& listener);

    // Recovery: one segment and what it holds; a body found twice is kept once.
    void add_recovered(uint64_t number, std::shared_ptr<File> file, uint64_t bytes,
                       const std::vector<BodyLine>& lines, bool damaged);
    void finish_recovery();

    bool holds(const BodyRef& body);
    // Bodies that are here already are skipped. `written` runs when all are handed to the system.
    void append(std::vector<Item> items, Callback<void(Result<void>)> written);
    // Everything appended before is durable when `done` runs.
    void sync(Callback<void(Result<void>)> done);
    void read(const BodyRef& body, Callback<void(Result<Buffer>)> done);
    void drop(const BodyRef& body);
    void drop_all();
    // The group was made anew.
    void restart(const Uuid& incarnation);
    const Uuid& incarnation() const { return id_.incarnation; }
    // Drops what lies after `after` up to `through` and is not in `live` (sorted); of that, what is not here
    // was damaged.
    void retain(const BodyRef& after, const BodyRef& through, const std::vector<BodyRef>& live);

    bool wants_rewrite() const;
    // Copies what is alive in the emptiest segment into the current one and removes it.
    void rewrite(Callback<void()> done);

    uint64_t file_bytes() const;
    uint64_t live_bytes() const;
    size_t count() const { return index_.size(); }

private:
    struct Segment {
        std::shared_ptr<File> file;
        uint32_t tag = 0;
        uint64_t bytes = 0;
        uint64_t live_bytes = 0;
        bool sealed = false;
        bool dirty = false;           // written since the last sync
        bool unfit = false;           // has damaged bodies: cannot be rewritten
        std::vector<BodyLine> lines;  // for the footer, until sealed
    };
    struct Job {
        bool is_sync = false;
        std::vector<Item> items;
        uint64_t bytes = 0;
        uint32_t moved_from = 0;  // rewriting: the segment the items come from
        Callback<void(Result<void>)> done;
    };
    struct Rewrite;

    void push(Job job);
    void run_next();
    void open_segment();
    void on_opened(Result<std::unique_ptr<File>> file);
    bool current_full(uint64_t bytes) const;
    bool seal_early() const;
    void seal_current();
    void write_job();
    void on_written(const std::vector<uint32_t>& units, uint64_t bytes, Result<void> done);
    void settle_item(const Job& job, const Item& item, uint32_t unit);
    void give_up(Error error);
    void sync_next();
    void on_synced(Result<void> done);
    void finish_job(Result<void> result);
    void forget_items(const Job& job);
    void forget_damaged(const BodyRef& body, uint32_t tag);
    void release(const BodySlot& slot);
    void after_release(uint32_t number);
    void retire_current();
    std::optional<uint32_t> rewrite_candidate() const;
    void rewrite_read(const std::shared_ptr<Rewrite>& rewrite, Result<WholeFile> file);
    void rewrite_step(const std::shared_ptr<Rewrite>& rewrite);
    void rewrite_end(const std::shared_ptr<Rewrite>& rewrite, const Result<void>& synced);

    Env& env_;
    BodySegmentId id_;  // number: of the current segment
    uint64_t segment_bytes_;
    Listener& listener_;
    BodyIndex index_;
    std::map<BodyRef, Buffer> unwritten_;
    std::map<uint32_t, Segment> segments_;
    uint32_t next_number_ = 1;
    uint32_t current_ = 0;  // 0: none
    std::deque<Job> jobs_;
    bool busy_ = false;
    bool folder_dirty_ = false;
    // Bodies that should be here: they were damaged. A damaged record names none, and its segment may be gone,
    // so until retain() names the live ones any body that is not found may be one (`damaged_`).
    std::set<BodyRef> missing_;
    bool damaged_ = false;
    uint32_t rewriting_ = 0;
    LifeGuard guard_;
};

}  // namespace quern::storage
