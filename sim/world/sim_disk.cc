#include "sim/world/sim_disk.h"

#include "sim/world/sim_file.h"
#include "system/base/assert.h"

namespace quern::sim {

SimDisk::SimDisk(Scheduler& scheduler, Trace& trace, FaultCounters& counters, uint64_t seed,
                 Owner owner, const std::string& machine, const bool& running, DiskOptions options)
    : scheduler_(scheduler),
      trace_(trace),
      counters_(counters),
      seed_(seed),
      owner_(owner),
      machine_(machine),
      running_(running),
      options_(options),
      identity_(name_identity(machine)),
      platter_(std::make_unique<Platter>(seed, identity_, options.quota_bytes)) {}

void SimDisk::submit(const LatencyShape& shape, uint64_t bytes, bool is_write,
                     Callback<void()> effect) {
    if (!running_) return;
    const uint64_t ordinal = ++operation_ordinal_;
    Duration latency = shape.at(draw(seed_, Concern::disk_latency, identity_, ordinal));
    if (options_.bytes_per_second > 0) {
        latency.ns += static_cast<int64_t>(static_cast<unsigned __int128>(bytes) * 1'000'000'000 /
                                           options_.bytes_per_second);
    }
    if (slow_factor_ > 1 || slow_extra_ > Duration::zero()) {
        latency = latency * slow_factor_ + slow_extra_;
        counters_.struck(FaultKind::disk_slow);
    }
    if (is_write) {
        ++writes_inflight_;
        if (on_next_write_) {
            Callback<void()> armed = std::move(on_next_write_);
            armed();
        }
    }
    scheduler_.after(
        latency, owner_, EventKind::disk, ordinal,
        [this, is_write, run = std::move(effect)]() mutable { finish(is_write, std::move(run)); });
}

void SimDisk::finish(bool is_write, Callback<void()> effect) {
    if (stuck_) {
        counters_.struck(FaultKind::disk_stuck);
        stuck_operations_.emplace_back(is_write, std::move(effect));
        return;
    }
    if (is_write) --writes_inflight_;
    effect();
}

void SimDisk::set_stuck(bool stuck) {
    stuck_ = stuck;
    if (stuck) return;
    auto waiting = std::move(stuck_operations_);
    stuck_operations_.clear();
    for (auto& [is_write, effect] : waiting) {
        scheduler_.at(scheduler_.now(), owner_, EventKind::disk, 0,
                      [this, is_write = is_write, run = std::move(effect)]() mutable {
                          finish(is_write, std::move(run));
                      });
    }
}

void SimDisk::fail_writes(uint32_t count, std::string file_class) {
    write_trouble_ = {count, std::move(file_class)};
}
void SimDisk::fail_syncs(uint32_t count, std::string file_class) {
    sync_trouble_ = {count, std::move(file_class)};
}
void SimDisk::fail_reads(uint32_t count, std::string file_class) {
    read_trouble_ = {count, std::move(file_class)};
}

void SimDisk::heal() {
    slow_factor_ = 1;
    slow_extra_ = {};
    full_ = false;
    write_trouble_ = sync_trouble_ = read_trouble_ = Trouble{};
    set_stuck(false);
}

void SimDisk::process_died(bool power_lost, CrashLoss loss) {
    handles_free_.clear();
    for (uint32_t slot = 0; slot < handles_.size(); ++slot) {
        ++handles_[slot];
        handles_free_.push_back(slot);
    }
    writes_inflight_ = 0;
    stuck_operations_.clear();
    on_next_write_.reset();
    ++crash_ordinal_;
    if (lied_about_ != nullptr) lied_about_->mend_last_lie();
    lied_about_ = nullptr;
    if (power_lost) {
        platter_->crash(loss, crash_ordinal_);
    } else {
        platter_->process_died(crash_ordinal_);
    }
}

SimDisk::HandleId SimDisk::handle_make() {
    if (handles_free_.empty()) {
        handles_.push_back(1);
        return {static_cast<uint32_t>(handles_.size() - 1), 1};
    }
    const uint32_t slot = handles_free_.back();
    handles_free_.pop_back();
    return {slot, handles_[slot]};
}

void SimDisk::handle_drop(HandleId id) {
    if (!handle_alive(id)) return;
    ++handles_[id.slot];
    handles_free_.push_back(id.slot);
}

bool SimDisk::fits(const Inode& inode, uint64_t end) const {
    if (end <= inode.usage()) return true;
    if (full_) {
        counters_.struck(FaultKind::disk_full);
        return false;
    }
    return platter_->used() - inode.usage() + end <= platter_->quota();
}

void SimDisk::trace_line(std::string_view what, const std::string& path, bool ok) {
    std::string text(what);
    if (!path.empty()) text += " " + path;
    trace_.line(machine_, "disk", text + (ok ? " ok" : " failed"));
}

void SimDisk::open(const std::string& path, OpenMode mode,
                   Callback<void(Result<std::unique_ptr<File>>)> done) {
    submit(options_.names, 0, false, [this, path, mode, run = std::move(done)]() mutable {
        if (mode != OpenMode::existing && full_ && !platter_->find(path)) {
            counters_.struck(FaultKind::disk_full);
            run(fail(ErrorCode::no_space, path));
            return;
        }
        auto inode = platter_->open(path, mode);
        note("open", path, inode.has_value());
        if (!inode) {
            run(fail(inode.error()));
            return;
        }
        run(std::make_unique<SimFile>(*this, std::move(*inode), path));
    });
}

void SimDisk::rename(const std::string& from, const std::string& to,
                     Callback<void(Result<void>)> done) {
    submit(options_.names, 0, true, [this, from, to, run = std::move(done)]() mutable {
        auto result = platter_->rename(from, to);
        note("rename", from + " " + to, result.has_value());
        run(std::move(result));
    });
}

void SimDisk::remove(const std::string& path, Callback<void(Result<void>)> done) {
    submit(options_.names, 0, true, [this, path, run = std::move(done)]() mutable {
        auto result = platter_->remove(path);
        note("remove", path, result.has_value());
        run(std::move(result));
    });
}

void SimDisk::list(const std::string& folder,
                   Callback<void(Result<std::vector<std::string>>)> done) {
    submit(options_.names, 0, false,
           [this, folder, run = std::move(done)]() mutable { run(platter_->list(folder)); });
}

void SimDisk::sync_directory(const std::string& folder, Callback<void(Result<void>)> done) {
    const uint64_t point = platter_->directory_point();
    submit(options_.sync, 0, true, [this, folder, point, run = std::move(done)]() mutable {
        if (sync_trouble_.strikes("directory")) {
            counters_.struck(FaultKind::sync_error);
            run(fail(ErrorCode::io_failed, "sync_directory " + folder));
            return;
        }
        platter_->directory_synced(folder, point);
        note("sync_directory", folder, true);
        run({});
    });
}

void SimDisk::space(Callback<void(Result<DiskSpace>)> done) {
    submit(options_.names, 0, false, [this, run = std::move(done)]() mutable {
        const uint64_t used = platter_->used();
        const uint64_t total = platter_->quota();
        run(DiskSpace{full_ || used >= total ? 0 : total - used, total});
    });
}

}  // namespace quern::sim
