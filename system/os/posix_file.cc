// One open file. Its core outlives it until the last job on it has come back.
#include <unistd.h>

#include <algorithm>
#include <deque>

#include "system/os/file_calls.h"
#include "system/os/posix_disk.h"
#include "system/os/unsynced_writes.h"

namespace quern::os {

namespace {

// A read of what is in the page cache is done at once, up to this size: quicker than the way to a
// thread and back, and too short to hold up the loop.
constexpr size_t cached_read_bytes_max = 256 * 1024;
constexpr uint64_t allocate_step_bytes = 4 * 1024 * 1024;

struct FileCore {
    FileCore(DiskCore& d, int file) : disk(d), descriptor(file) {}
    ~FileCore() { ::close(descriptor); }
    FileCore(const FileCore&) = delete;
    FileCore& operator=(const FileCore&) = delete;

    DiskCore& disk;
    const int descriptor;

    // Loop thread only, from here on.
    bool alive = true;  // false: completions are dropped
    // Truncate and allocate are barriers among the file's writes.
    struct Waiting {
        std::unique_ptr<DiskJob> job;
        DiskLane* lane;
        bool barrier;
    };
    std::deque<Waiting> waiting;
    unsigned writes_running = 0;
    bool barrier_running = false;
    UnsyncedWrites unsynced;  // plain writes and truncates
};

using Core = std::shared_ptr<FileCore>;

void pump(FileCore& core) {
    while (!core.waiting.empty() && !core.barrier_running) {
        FileCore::Waiting& next = core.waiting.front();
        if (next.barrier && core.writes_running > 0) return;
        core.barrier_running = next.barrier;
        ++core.writes_running;
        next.lane->submit(std::move(next.job));
        core.waiting.pop_front();
    }
}

void submit_write(FileCore& core, DiskLane& lane, bool barrier, std::unique_ptr<DiskJob> job) {
    core.waiting.push_back({std::move(job), &lane, barrier});
    pump(core);
}

void write_finished(FileCore& core) {
    --core.writes_running;
    core.barrier_running = false;
    pump(core);
}

// The end of a write or truncate that is not durable yet.
auto after_plain(Core core, Callback<void(Result<void>)> done) {
    return [core = std::move(core), done = std::move(done)](Result<void> result) mutable {
        core->unsynced.completed();
        write_finished(*core);
        if (core->alive) done(std::move(result));
    };
}

// Zero-fills in steps, so that other jobs of the lane get their turn, and syncs each, so that the
// blocks' state is final before the first real write.
class AllocateJob final : public DiskJob {
public:
    AllocateJob(Core core, uint64_t size_bytes, Callback<void(Result<void>)> done)
        : core_(std::move(core)), size_bytes_(size_bytes), done_(std::move(done)) {}

    bool perform() override {
        result_ = step();
        return !result_ || next_bytes_ >= size_bytes_;
    }
    void complete() override {
        write_finished(*core_);
        if (core_->alive) done_(std::move(result_));
    }

private:
    Result<void> step() {
        const int file = core_->descriptor;
        if (!started_) {
            started_ = true;
            const auto size = size_of(file);
            if (!size) return fail(size.error());
            next_bytes_ = *size;
            if (auto reserved = reserve(file, size_bytes_); !reserved) return reserved;
        }
        if (next_bytes_ < size_bytes_) {
            const uint64_t bytes = std::min(allocate_step_bytes, size_bytes_ - next_bytes_);
            if (auto filled = zero_fill(file, next_bytes_, bytes); !filled) return filled;
            next_bytes_ += bytes;
        }
        return latched(core_->disk, [&] { return sync_data(file); });
    }

    Core core_;
    uint64_t size_bytes_;
    uint64_t next_bytes_ = 0;
    bool started_ = false;
    Result<void> result_;
    Callback<void(Result<void>)> done_;
};

class PosixFile final : public File {
public:
    PosixFile(DiskCore& disk, int descriptor)
        : core_(std::make_shared<FileCore>(disk, descriptor)) {}

    ~PosixFile() override {
        core_->alive = false;
        core_->waiting.clear();
        // The last close of a removed file frees its blocks: on the lane, if no job is under way.
        DiskLane& lane = core_->disk.background;
        lane.submit(make_job<void>(
            [core = std::move(core_)]() mutable {
                core.reset();
                return Result<void>();
            },
            [](Result<void>) {}));
    }

    void write_at(uint64_t offset_bytes, BufferChain data,
                  Callback<void(Result<void>)> done) override {
        core_->unsynced.submitted();
        submit_write(*core_, core_->disk.background, false,
                     make_job<void>(
                         [core = core_.get(), offset_bytes, data = std::move(data)] {
                             return write_all(core->descriptor, offset_bytes, data,
                                              Durability::none);
                         },
                         after_plain(core_, std::move(done))));
    }

    void write_at_durable(uint64_t offset_bytes, BufferChain data,
                          Callback<void(Result<void>)> done) override {
        const uint64_t covered = core_->unsynced.covered_by_sync();
        const auto reach =
            core_->unsynced.none() ? Durability::these_bytes : Durability::whole_file;
        submit_write(*core_, core_->disk.durable, false,
                     make_job<void>(
                         [core = core_.get(), offset_bytes, reach, data = std::move(data)] {
                             return latched(core->disk, [&] {
                                 return write_all(core->descriptor, offset_bytes, data, reach);
                             });
                         },
                         [core = core_, covered, reach,
                          done = std::move(done)](Result<void> result) mutable {
                             write_finished(*core);
                             if (result && reach == Durability::whole_file)
                                 core->unsynced.synced(covered);
                             if (core->alive) done(std::move(result));
                         }));
    }

    void read_at(uint64_t offset_bytes, size_t size_bytes,
                 Callback<void(Result<Buffer>)> done) override;

    void sync(Callback<void(Result<void>)> done) override {
        const uint64_t covered = core_->unsynced.covered_by_sync();
        core_->disk.background.submit(make_job<void>(
            [core = core_.get()] {
                return latched(core->disk, [&] { return sync_data(core->descriptor); });
            },
            [core = core_, covered, done = std::move(done)](Result<void> result) mutable {
                if (result) core->unsynced.synced(covered);
                if (core->alive) done(std::move(result));
            }));
    }

    void size(Callback<void(Result<uint64_t>)> done) override {
        core_->disk.reads.submit(make_job<uint64_t>(
            [core = core_.get()] { return size_of(core->descriptor); },
            [core = core_, done = std::move(done)](Result<uint64_t> size) mutable {
                if (core->alive) done(std::move(size));
            }));
    }

    void allocate(uint64_t size_bytes, Callback<void(Result<void>)> done) override {
        submit_write(*core_, core_->disk.background, true,
                     std::make_unique<AllocateJob>(core_, size_bytes, std::move(done)));
    }

    void truncate(uint64_t size_bytes, Callback<void(Result<void>)> done) override {
        core_->unsynced.submitted();
        submit_write(*core_, core_->disk.background, true,
                     make_job<void>([core = core_.get(),
                                     size_bytes] { return set_size(core->descriptor, size_bytes); },
                                    after_plain(core_, std::move(done))));
    }

private:
    Core core_;
};

void PosixFile::read_at(uint64_t offset_bytes, size_t size_bytes,
                        Callback<void(Result<Buffer>)> done) {
    MutableBuffer bytes(size_bytes);
    const std::span<uint8_t> into = bytes.span();
    if (size_bytes <= cached_read_bytes_max && read_cached(core_->descriptor, offset_bytes, into)) {
        core_->disk.reads.loop().post(
            [core = core_, bytes = std::move(bytes), done = std::move(done)]() mutable {
                if (core->alive) done(std::move(bytes).freeze());
            });
        return;
    }
    core_->disk.reads.submit(
        make_job<size_t>([core = core_.get(), offset_bytes,
                          into] { return read_all(core->descriptor, offset_bytes, into); },
                         [core = core_, bytes = std::move(bytes),
                          done = std::move(done)](Result<size_t> size) mutable {
                             if (!core->alive) return;
                             if (!size) return done(fail(std::move(size.error())));
                             // A short read must not hold on to a large block.
                             if (*size < bytes.size() / 2) {
                                 return done(Buffer::copy_of(ByteSpan(bytes.data(), *size)));
                             }
                             done(std::move(bytes).freeze(*size));
                         }));
}

}  // namespace

std::unique_ptr<File> make_file(DiskCore& core, int descriptor) {
    return std::make_unique<PosixFile>(core, descriptor);
}

}  // namespace quern::os
