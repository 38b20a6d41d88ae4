// A machine's Disk: the operations of one process on a Platter, with latencies and faults.
// Operations run side by side, each with its own drawn latency, so their completions come in any
// order.
#pragma once

#include <memory>
#include <vector>

#include "sim/world/draws.h"
#include "sim/world/fault_kind.h"
#include "sim/world/platter.h"
#include "sim/world/scheduler.h"
#include "sim/world/trace.h"
#include "system/io/disk.h"

namespace quern::sim {

struct DiskOptions {
    uint64_t quota_bytes = uint64_t{64} << 30;
    LatencyShape read{Duration::microseconds(20), Duration::microseconds(40), 1'000,
                      Duration::milliseconds(10)};
    LatencyShape write{Duration::microseconds(10), Duration::microseconds(10), 1'000,
                       Duration::milliseconds(2)};
    LatencyShape sync{Duration::microseconds(80), Duration::microseconds(60), 2'000,
                      Duration::milliseconds(20)};
    LatencyShape names{Duration::microseconds(20), Duration::microseconds(20), 1'000,
                       Duration::milliseconds(10)};
    uint64_t bytes_per_second = 1'000'000'000;
};

class SimDisk final : public Disk {
public:
    SimDisk(Scheduler& scheduler, Trace& trace, FaultCounters& counters, uint64_t seed, Owner owner,
            const std::string& machine, const bool& running, DiskOptions options);

    void open(const std::string& path, OpenMode mode,
              Callback<void(Result<std::unique_ptr<File>>)> done) override;
    void rename(const std::string& from, const std::string& to,
                Callback<void(Result<void>)> done) override;
    void remove(const std::string& path, Callback<void(Result<void>)> done) override;
    void list(const std::string& folder,
              Callback<void(Result<std::vector<std::string>>)> done) override;
    void sync_directory(const std::string& folder, Callback<void(Result<void>)> done) override;
    void space(Callback<void(Result<DiskSpace>)> done) override;

    // --- the machine's ---
    Platter& platter() { return *platter_; }
    const Platter& platter() const { return *platter_; }
    // Both processes must be dead.
    void swap_platter(SimDisk& other) { std::swap(platter_, other.platter_); }
    // The process is gone: its handles and operations end; with `power_lost`, un-synced data does
    // too.
    void process_died(bool power_lost, CrashLoss loss);
    uint64_t crash_count() const { return crash_ordinal_; }

    // --- faults ---
    void set_slow_factor(uint32_t factor) { slow_factor_ = factor; }
    // And so much more for each operation, whatever its size.
    void set_slow_extra(Duration extra) { slow_extra_ = extra; }
    // Operations that would complete wait until the disk is unstuck.
    void set_stuck(bool stuck);
    // Nothing that needs new blocks fits.
    void set_full(bool full) { full_ = full; }
    // The next `count` operations of that sort on files of that class ("": any) go wrong.
    void fail_writes(uint32_t count, std::string file_class);
    void fail_syncs(uint32_t count, std::string file_class);
    void fail_reads(uint32_t count, std::string file_class);
    // Runs once, when the next write is handed to the kernel; it must not act on this machine at
    // once.
    void on_next_write(Callback<void()> armed) { on_next_write_ = std::move(armed); }
    // A write or sync is on its way now.
    bool write_pending() const { return writes_inflight_ > 0; }
    // Lifts slow, stuck, full and pending errors; damage stays.
    void heal();

private:
    friend class SimFile;
    struct Trouble {
        uint32_t count = 0;
        std::string file_class;
        bool strikes(const std::string& of) {
            if (count == 0 || (!file_class.empty() && file_class != of)) return false;
            --count;
            return true;
        }
    };
    struct HandleId {
        uint32_t slot = 0;
        uint32_t generation = 0;
    };

    // Runs `effect` when an operation of this shape is done; drops it on a dead machine.
    void submit(const LatencyShape& shape, uint64_t bytes, bool is_write, Callback<void()> effect);
    void finish(bool is_write, Callback<void()> effect);
    HandleId handle_make();
    void handle_drop(HandleId id);
    bool handle_alive(HandleId id) const { return handles_[id.slot] == id.generation; }
    // Whether a file may come to use `usage` bytes.
    bool fits(const Inode& inode, uint64_t end) const;
    void note(std::string_view what, const std::string& path, bool ok) {
        if (trace_.enabled()) trace_line(what, path, ok);
    }
    void trace_line(std::string_view what, const std::string& path, bool ok);
    uint64_t random() { return draw(seed_, Concern::disk_damage, identity_, ++random_ordinal_); }

    Scheduler& scheduler_;
    Trace& trace_;
    FaultCounters& counters_;
    uint64_t seed_;
    Owner owner_;
    const std::string& machine_;
    const bool& running_;
    DiskOptions options_;
    uint64_t identity_;
    std::unique_ptr<Platter> platter_;
    uint64_t operation_ordinal_ = 0;
    uint64_t random_ordinal_ = 0;
    uint64_t crash_ordinal_ = 0;
    // The log's last sync was a lie: some of its sectors are not what was written. If the process dies before
    // the next sync that writes something of the log, to whatever segment, that is taken back: such a tail looks
    // as if the write had never been finished, and no node can tell. Only a leader can, who knows what was
    // acknowledged (raft.h, Restored::faulty_from).
    InodeRef lied_about_;
    uint32_t slow_factor_ = 1;
    Duration slow_extra_;
    bool stuck_ = false;
    bool full_ = false;
    uint32_t writes_inflight_ = 0;
    Trouble write_trouble_;
    Trouble sync_trouble_;
    Trouble read_trouble_;
    std::vector<std::pair<bool, Callback<void()>>> stuck_operations_;
    std::vector<uint32_t> handles_;
    std::vector<uint32_t> handles_free_;
    Callback<void()> on_next_write_;
};

}  // namespace quern::sim
