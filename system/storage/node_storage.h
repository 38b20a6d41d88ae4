// All durable data of one node: superblock, one WAL shared by all its groups, snapshots and bodies.
//
// Files below the data directory: `superblock` (several copies in one file), `wal/NNNNNNNNNN.seg`,
// `snapshots/gNNNNNN-IIIIIIIIIIIIIIII.snap`, `bodies/gNNNNNN-NNNNNNNNNN.seg`. Layouts:
// docs/formats.
//
// Durability: write() completes when all of its changes are on stable storage. Writes that arrive
// while one is on its way to the disk go out together as the next one: one write, one sync (group
// commit). Completions come in the order of the calls.
//
// A failed write or sync is final: failed() is true from then on, every later call fails with
// io_failed, and the node must stop answering and exit (faults.md 3.24).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "system/base/callback.h"
#include "system/base/result.h"
#include "system/io/env.h"
#include "system/storage/types.h"

namespace quern::storage {

// Writes one snapshot file in chunks, each checksummed. Not durable and not visible before
// finish().
class SnapshotWriter {
public:
    virtual ~SnapshotWriter() = default;  // without finish(): the partial file is removed
    // One outstanding call at a time. `chunk` is opaque, at most 4 MiB.
    virtual void append(Buffer chunk, Callback<void(Result<void>)> done) = 0;
    // Makes the file durable under its final name. The snapshot counts once a GroupChange with its
    // index is durable; older snapshot files of the group are removed after that.
    virtual void finish(Callback<void(Result<void>)> done) = 0;
};

class SnapshotReader {
public:
    virtual ~SnapshotReader() = default;
    // The next chunk; an empty buffer after the last. corrupt if a checksum is wrong.
    virtual void next(Callback<void(Result<Buffer>)> done) = 0;
};

class NodeStorage {
public:
    virtual ~NodeStorage() = default;

    // Makes a new data directory for `identity` (format_version is filled in); already_exists if
    // there is a superblock.
    static void format(Env& env, const Superblock& identity, Callback<void(Result<void>)> done);
    // Reads the superblock alone. not_found: not formatted. corrupt: no quorum of good copies.
    // data_version_unknown: written by another format version.
    static void read_superblock(Env& env, Callback<void(Result<Superblock>)> done);
    // Recovers: picks the superblock, reads all WAL segments, tells a torn tail that was never
    // acknowledged (dropped) from damage (RecoveredGroup::faulty_from), and is ready for writes.
    static void open(Env& env, const Options& options,
                     Callback<void(Result<std::unique_ptr<NodeStorage>>)> done);

    virtual const Superblock& superblock() const = 0;
    // What recovery found, sorted by group; once.
    virtual std::vector<RecoveredGroup> take_recovered() = 0;

    // A full disk delays what the reserve has no room for, as a slow one would (holds_writes()).
    virtual void write(std::vector<GroupChange> changes, Callback<void(Result<void>)> durable) = 0;
    virtual bool failed() const = 0;

    // Entries [from, to] of the group's log, cut off after `bytes_max` payload bytes (at least
    // one) and before a damaged one. Empty if the log no longer reaches back to `from`. corrupt if
    // the first is damaged.
    virtual void load_entries(GroupId group, LogIndex from, LogIndex to, size_t bytes_max,
                              Callback<void(Result<std::vector<WalEntry>>)> done) = 0;

    // What recovery would find of the group's log now, without payloads.
    virtual RecoveredGroup log_of(GroupId group) const = 0;
    // Entries of the log that are damaged here: index and term (0: not known), the first few of
    // them. Writing them again as they were heals the log (GroupChange::entries).
    struct LostEntry {
        LogIndex index;
        Term term;
    };
    virtual std::vector<LostEntry> lost_entries(GroupId group, size_t count_max) const = 0;

    // The body, if the payload is in the cache of recently written entries; no I/O.
    virtual std::optional<Buffer> body_cached(GroupId group, const BodyRef& body) = 0;
    // The body from wherever it lies. not_found if it was dropped, corrupt if it is damaged here.
    virtual void read_body(GroupId group, const BodyRef& body,
                           Callback<void(Result<Buffer>)> done) = 0;

    virtual std::unique_ptr<SnapshotWriter> write_snapshot(GroupId group, LogIndex index) = 0;
    // The group's current snapshot (RecoveredGroup::snapshot_index or the last one that counted).
    virtual void read_snapshot(GroupId group,
                               Callback<void(Result<std::unique_ptr<SnapshotReader>>)> done) = 0;

    // Copies live bodies out of the WAL (or takes `bytes` as received from a leader's snapshot)
    // into the group's body segments. Durable when done. Refs already carried over are skipped.
    virtual void carry_over(GroupId group, std::vector<BodyRef> live,
                            Callback<void(Result<void>)> done) = 0;
    virtual void store_body(GroupId group, const BodyRef& body, Buffer bytes,
                            Callback<void(Result<void>)> done) = 0;
    // Makes stored bodies durable.
    virtual void sync_bodies(GroupId group, Callback<void(Result<void>)> done) = 0;
    // The message is gone: its stored body is garbage. Segments with little live data are rewritten
    // in the background, empty ones removed.
    virtual void drop_body(GroupId group, const BodyRef& body) = 0;
    // Stored bodies after `after` up to `through` that are not in `live` (sorted) become garbage.
    // What was dropped before a restart is back after it; call this for the whole range, in as many
    // steps as suits, once the state machine is restored. A body in `live` that is not stored was damaged.
    virtual void retain_bodies(GroupId group, const BodyRef& after, const BodyRef& through,
                               const std::vector<BodyRef>& live) = 0;
    // All stored bodies of the group become garbage (before a received snapshot, or on removal).
    virtual void drop_all_bodies(GroupId group) = 0;

    // The oldest WAL segment is kept by these groups' logs: snapshotting them frees it. Sorted.
    virtual std::vector<GroupId> groups_pinning_oldest_segment() const = 0;
    virtual uint64_t wal_bytes() const = 0;
    virtual SpaceState space() const = 0;
    // The reserve is used up: writes wait until the disk has room again.
    virtual bool holds_writes() const = 0;
};

}  // namespace quern::storage
