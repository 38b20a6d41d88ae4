// Files as a node sees them. Two implementations: os (posix, one disk thread) and sim (memory, with
// faults). Every call but the destructor returns at once; its completion runs later, from the loop,
// exactly once, never inside the call. Completions of different operations may come in any order.
//
// Paths are relative to the node's data directory, '/'-separated, of A-Z a-z 0-9 . _ - only.
// The folder "" is the data directory itself. The name LOCK in it is taken.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "system/base/buffer.h"
#include "system/base/callback.h"
#include "system/base/result.h"

namespace quern {

class File {
public:
    // Outstanding operations are abandoned: they may still reach the disk; their completions do not
    // run.
    virtual ~File() = default;

    // Writes all of `data` at `offset_bytes`, extending the file if needed. `data` is kept alive until
    // the operation ends. Done means handed to the operating system: after a crash any subset of its
    // 512-byte sectors may be present, in any order. Errors: no_space, io_failed.
    virtual void write_at(uint64_t offset_bytes, BufferChain data,
                          Callback<void(Result<void>)> done) = 0;

    // write_at followed by sync of this data, in one trip to the disk thread: when it completes
    // without error, this write and all writes that completed before the call are durable. An error
    // is final as for sync().
    virtual void write_at_durable(uint64_t offset_bytes, BufferChain data,
                                  Callback<void(Result<void>)> done) = 0;

    // Reads size_bytes, or less at the end of the file (0 bytes beyond it). Errors: io_failed.
    virtual void read_at(uint64_t offset_bytes, size_t size_bytes,
                         Callback<void(Result<Buffer>)> done) = 0;

    // Makes every write whose completion ran before this call durable, with the file's size. An error
    // is final: the kernel may have dropped the pages, so the caller must stop the node.
    virtual void sync(Callback<void(Result<void>)> done) = 0;

    // The size now, counting writes that completed. Errors: io_failed.
    virtual void size(Callback<void(Result<uint64_t>)> done) = 0;

    // Reserves and zero-fills blocks so that later writes below `size_bytes` cannot fail with
    // no_space and need no metadata update on sync; the size becomes at least `size_bytes`.
    virtual void allocate(uint64_t size_bytes, Callback<void(Result<void>)> done) = 0;

    // Cuts or extends (with zeros) to `size_bytes`; durable after a sync.
    virtual void truncate(uint64_t size_bytes, Callback<void(Result<void>)> done) = 0;
};

enum class OpenMode : uint8_t {
    existing,     // not_found if it does not exist
    create_new,   // already_exists if it does
    create_or_open,
};

struct DiskSpace {
    uint64_t free_bytes = 0;
    uint64_t total_bytes = 0;
};

class Disk {
public:
    virtual ~Disk() = default;

    // A created file is durable (its name, not its bytes) only after sync_directory of its folder.
    // Missing folders on the path are made. Errors: not_found, already_exists, no_space, io_failed,
    // permission_denied.
    virtual void open(const std::string& path, OpenMode mode,
                      Callback<void(Result<std::unique_ptr<File>>)> done) = 0;

    // Atomic: after a crash either the old or the new state; durable after sync_directory. Replaces
    // `to` if it exists.
    virtual void rename(const std::string& from, const std::string& to,
                        Callback<void(Result<void>)> done) = 0;
    // Errors: not_found, io_failed.
    virtual void remove(const std::string& path, Callback<void(Result<void>)> done) = 0;
    // Names of the files (not folders) in a folder, sorted; empty if the folder does not exist.
    virtual void list(const std::string& folder,
                      Callback<void(Result<std::vector<std::string>>)> done) = 0;
    virtual void sync_directory(const std::string& folder, Callback<void(Result<void>)> done) = 0;
    virtual void space(Callback<void(Result<DiskSpace>)> done) = 0;
};

}  // namespace quern
