// One simulated file's bytes. What is durable lies in lazily made chunks; writes that were not
// synced lie over it in the order they completed (the page cache); damage lies over the durable
// bytes, which are kept pristine beneath it, so that a checker can tell what a fault destroyed.
//
// A power cut keeps, for every sector, the state after some number of the un-synced writes that
// touched it, so any subset of sectors survives, in any order.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "system/base/buffer.h"

namespace quern::sim {

constexpr uint64_t sector_bytes = 512;

// How a power cut treats what was not synced.
enum class CrashLoss : uint8_t {
    everything,  // only synced bytes survive
    nothing,
    sectors_512,   // each sector by itself
    sectors_4096,  // each page by itself
    suffix,        // writes survive in order up to one, which is torn
    count,
};

class Inode {
public:
    explicit Inode(uint64_t identity) : identity_(identity) {}
    Inode(const Inode&) = delete;
    Inode& operator=(const Inode&) = delete;

    uint64_t identity() const { return identity_; }
    // As the process sees it, damage included.
    uint64_t size() const;
    uint64_t size_durable() const { return durable_size_; }
    // Blocks the file takes from its disk.
    uint64_t usage() const { return std::max({size_, durable_size_, reserved_}); }
    uint64_t reserved() const { return reserved_; }

    // A write in the hands of the kernel: may be lost, torn or whole after a crash.
    uint64_t write_begin(uint64_t offset, BufferChain data);
    // It completed: visible to reads, not durable.
    void write_done(uint64_t write);
    // It failed: some of its sectors (drawn by `random`) were written all the same.
    void write_failed(uint64_t write, uint64_t random);

    void resize(uint64_t size);
    void allocate(uint64_t size);

    // A sync makes durable what had completed at its start, and perhaps one write more (its own).
    struct SyncPoint {
        uint64_t order = 0;
        uint64_t size = 0;
        uint64_t also = 0;
        uint64_t also_end = 0;
        bool covers(uint64_t o) const { return o <= order || o == also; }
    };
    SyncPoint sync_point() const { return {order_, size_, 0, 0}; }
    // How many writes became durable.
    size_t sync_done(SyncPoint point);
    // The kernel dropped the pages: they stay readable until a crash, but no later sync writes
    // them. Each is kept or lost as drawn by `random`.
    void sync_failed(SyncPoint point, uint64_t random);

    // No durable byte but zeros lies from here on.
    uint64_t durable_used() const;
    // The same to the byte. O(what is behind it in its chunk).
    uint64_t durable_end() const;
    bool dirty() const { return !pending_.empty() || !inflight_.empty() || resized_; }

    // Copies current bytes; false if a sector of the range cannot be read.
    [[nodiscard]] bool read(uint64_t offset, std::span<uint8_t> into) const;
    // Whether all of the range is zero because it was never written: false says nothing.
    bool untouched(uint64_t offset, uint64_t size) const;
    // Copies what a power cut would certainly leave. Zeros beyond size_durable(). `pristine`: as if
    // no damage had struck. False if a sector cannot be read.
    [[nodiscard]] bool read_durable(uint64_t offset, std::span<uint8_t> into, bool pristine) const;

    void crash(CrashLoss loss, uint64_t random);
    // The process died, the kernel lives: writes in flight happen or not; pages whose sync had
    // failed leave the cache.
    void process_died(uint64_t random);

    // Damage at rest; all act on durable bytes and are healed by a full overwrite of the sector.
    // Each returns false if there is no such durable sector.
    bool flip_bit(uint64_t offset, unsigned bit);
    bool make_unreadable(uint64_t sector);
    bool replace_sector(uint64_t sector, ByteSpan bytes);
    bool cut_tail(uint64_t size);
    bool damaged(uint64_t sector) const { return damage_.contains(sector); }
    size_t damage_count() const { return damage_.size(); }
    // The next sync reports success and leaves up to `sectors` of its sectors as they were / puts
    // one sector's bytes over another. Returns how many it will spoil at most.
    void lose_at_next_sync(uint32_t sectors, uint64_t random);
    void misdirect_at_next_sync(uint64_t random);
    // Takes back what the last sync that lost or misdirected sectors did to what it should have written. What
    // it wrote over older bytes stays.
    void mend_last_lie();
    // Sectors spoiled since the last call.
    uint32_t take_lost_count() { return std::exchange(lost_count_, 0); }
    uint32_t take_misdirected_count() { return std::exchange(misdirected_count_, 0); }

private:
    // A chunk is made by the first write to it, a page of it by the first byte there that is not zero:
    // most of a log's blocks is padding.
    static constexpr uint64_t page_bytes = 1024;
    static constexpr uint64_t chunk_bytes = 16 * page_bytes;
    using Page = std::array<uint8_t, page_bytes>;
    using Chunk = std::array<std::unique_ptr<Page>, chunk_bytes / page_bytes>;
    struct Write {
        uint64_t number = 0;
        uint64_t order = 0;  // of completion; 0 while in flight
        uint64_t offset = 0;
        BufferChain data;
        bool dropped = false;  // by a failed sync
        uint64_t end() const { return offset + data.size(); }
    };
    struct Damage {
        bool unreadable = false;
        std::array<uint8_t, sector_bytes> bytes{};
    };

    void page_write(uint64_t offset, ByteSpan bytes, bool known_zeros);
    void chunks_read(uint64_t offset, std::span<uint8_t> into) const;
    void chunks_write(uint64_t offset, ByteSpan bytes, bool known_zeros);
    void chunks_cut(uint64_t size);
    // The durable bytes below this are still part of the file.
    uint64_t cut_size() const;
    bool base_read(uint64_t offset, std::span<uint8_t> into, bool pristine) const;
    void commit(const Write& write);
    void commit_part(const Write& write, uint64_t from, uint64_t to);
    void grow_to(uint64_t end);
    void commit_bytes(uint64_t offset, ByteSpan bytes, bool known_zeros);
    void spoil(const std::vector<Write>& synced);
    // Like replace_sector, and may be taken back.
    bool lie(uint64_t sector, ByteSpan bytes);
    void crash_keep_some(const std::vector<Write>& writes, uint64_t granule, uint64_t random);
    void crash_keep_prefix(const std::vector<Write>& writes, uint64_t random);
    void crash_size(uint64_t kept_end, uint64_t random);
    Write inflight_take(uint64_t write);

    uint64_t identity_;
    std::vector<std::unique_ptr<Chunk>> chunks_;
    uint64_t durable_size_ = 0;
    uint64_t size_ = 0;
    uint64_t reserved_ = 0;
    struct Cut {
        uint64_t order = 0;
        uint64_t size = 0;
    };
    std::vector<Cut> cuts_;  // truncations that are not yet durable
    bool resized_ = false;
    uint64_t order_ = 0;
    uint64_t synced_order_ = 0;
    uint64_t write_number_ = 0;
    std::vector<Write> inflight_;
    std::vector<Write> pending_;  // by order
    std::map<uint64_t, Damage> damage_;
    uint64_t damage_size_ = UINT64_MAX;  // a damaged file ends here
    // What a sync that lied made of a sector that it should have written.
    struct Lie {
        std::optional<Damage> before;
        Damage after;
    };
    std::map<uint64_t, Lie> lied_about_;  // by sector; of the last sync that lied
    uint32_t lose_sectors_ = 0;
    uint64_t lose_random_ = 0;
    bool misdirect_ = false;
    uint64_t misdirect_random_ = 0;
    uint32_t lost_count_ = 0;
    uint32_t misdirected_count_ = 0;
};

}  // namespace quern::sim
