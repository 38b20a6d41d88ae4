// An open simulated file: one process's handle on an Inode.
#pragma once

#include "sim/world/sim_disk.h"

namespace quern::sim {

class SimFile final : public File {
public:
    SimFile(SimDisk& disk, InodeRef inode, std::string path);
    ~SimFile() override;
    void write_at(uint64_t offset_bytes, BufferChain data,
                  Callback<void(Result<void>)> done) override;
    void write_at_durable(uint64_t offset_bytes, BufferChain data,
                          Callback<void(Result<void>)> done) override;
    void read_at(uint64_t offset_bytes, size_t size_bytes,
                 Callback<void(Result<Buffer>)> done) override;
    void sync(Callback<void(Result<void>)> done) override;
    void size(Callback<void(Result<uint64_t>)> done) override;
    void allocate(uint64_t size_bytes, Callback<void(Result<void>)> done) override;
    void truncate(uint64_t size_bytes, Callback<void(Result<void>)> done) override;

private:
    // What outlives this handle: an operation in flight reaches the disk without it.
    struct Open {
        InodeRef inode;
        std::string path;
        std::string file_class;
    };
    struct Write {
        std::shared_ptr<const Open> file;
        SimDisk::HandleId handle;
        uint64_t number = 0;
        uint64_t end = 0;
        Callback<void(Result<void>)> done;
    };
    static bool write_land(SimDisk& disk, Write& write);
    static void write_arrived(SimDisk& disk, Write& write);
    static void durable_arrived(SimDisk& disk, Write& write, Inode::SyncPoint point);
    static bool sync_land(SimDisk& disk, const Open& file, Inode::SyncPoint point);
    static void complete(SimDisk& disk, Write& write, Result<void> result);
    Result<Buffer> read_now(uint64_t offset_bytes, size_t size_bytes);
    Write write_make(uint64_t offset_bytes, BufferChain data, Callback<void(Result<void>)> done);

    SimDisk& disk_;
    std::shared_ptr<const Open> file_;
    SimDisk::HandleId handle_;
};

}  // namespace quern::sim
