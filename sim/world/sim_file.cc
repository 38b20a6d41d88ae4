#include "sim/world/sim_file.h"

#include <cstring>

#include "system/base/assert.h"

namespace quern::sim {

namespace {

// Much of what a starting node reads is spare segments, which nobody has written to.
constexpr size_t blank_bytes_max = 1024 * 1024;

Buffer blank(size_t size) {
    static const Buffer all = [] {
        MutableBuffer bytes(blank_bytes_max);
        std::memset(bytes.data(), 0, bytes.size());
        return std::move(bytes).freeze();
    }();
    return all.slice(0, size);
}

}  // namespace

SimFile::SimFile(SimDisk& disk, InodeRef inode, std::string path)
    : disk_(disk), handle_(disk.handle_make()) {
    std::string kind = file_class(path);
    file_ = std::make_shared<const Open>(Open{std::move(inode), std::move(path), std::move(kind)});
}

SimFile::~SimFile() { disk_.handle_drop(handle_); }

void SimFile::complete(SimDisk& disk, Write& write, Result<void> result) {
    if (disk.handle_alive(write.handle)) write.done(std::move(result));
}

SimFile::Write SimFile::write_make(uint64_t offset_bytes, BufferChain data,
                                   Callback<void(Result<void>)> done) {
    Write write{file_, handle_, 0, offset_bytes + data.size(), std::move(done)};
    if (!data.empty() && disk_.running_) {
        write.number = file_->inode->write_begin(offset_bytes, std::move(data));
    }
    return write;
}

// The bytes reach the page cache; false if they did not, and the operation has been completed.
bool SimFile::write_land(SimDisk& disk, Write& write) {
    if (write.number == 0) return true;
    Inode& inode = *write.file->inode;
    const bool broken = disk.write_trouble_.strikes(write.file->file_class);
    if (broken || !disk.fits(inode, write.end)) {
        inode.write_failed(write.number, broken ? disk.random() : 0);
        if (broken) disk.counters_.struck(FaultKind::write_error);
        disk.note("write", write.file->path, false);
        complete(disk, write,
                 fail(broken ? ErrorCode::io_failed : ErrorCode::no_space, write.file->path));
        return false;
    }
    inode.write_done(write.number);
    return true;
}

void SimFile::write_arrived(SimDisk& disk, Write& write) {
    if (write_land(disk, write)) complete(disk, write, {});
}

bool SimFile::sync_land(SimDisk& disk, const Open& file, Inode::SyncPoint point) {
    const bool broken = disk.sync_trouble_.strikes(file.file_class);
    if (broken) {
        file.inode->sync_failed(point, disk.random());
        disk.counters_.struck(FaultKind::sync_error);
    } else {
        const size_t written = file.inode->sync_done(point);
        const uint32_t lost = file.inode->take_lost_count();
        const uint32_t misdirected = file.inode->take_misdirected_count();
        // A new segment's sync writes nothing of the log.
        if (file.file_class == "wal" && written > 0) {
            disk.lied_about_ = lost + misdirected > 0 ? file.inode : nullptr;
        }
        disk.counters_.struck(FaultKind::lost_write, lost);
        disk.counters_.struck(FaultKind::misdirected_write, misdirected);
    }
    disk.note("sync", file.path, !broken);
    return !broken;
}

void SimFile::durable_arrived(SimDisk& disk, Write& write, Inode::SyncPoint point) {
    if (!write_land(disk, write)) return;
    // What completed after the call does not ride along.
    if (write.number != 0) point.also = write.file->inode->sync_point().order;
    point.also_end = write.end;
    if (sync_land(disk, *write.file, point)) {
        complete(disk, write, {});
    } else {
        complete(disk, write, fail(ErrorCode::io_failed, write.file->path));
    }
}

void SimFile::write_at(uint64_t offset_bytes, BufferChain data, Callback<void(Result<void>)> done) {
    const size_t bytes = data.size();
    disk_.submit(disk_.options_.write, bytes, true,
                 [&disk = disk_,
                  write = write_make(offset_bytes, std::move(data), std::move(done))]() mutable {
                     write_arrived(disk, write);
                 });
}

void SimFile::write_at_durable(uint64_t offset_bytes, BufferChain data,
                               Callback<void(Result<void>)> done) {
    const size_t bytes = data.size();
    disk_.submit(disk_.options_.sync, bytes, true,
                 [&disk = disk_, point = file_->inode->sync_point(),
                  write = write_make(offset_bytes, std::move(data), std::move(done))]() mutable {
                     durable_arrived(disk, write, point);
                 });
}

Result<Buffer> SimFile::read_now(uint64_t offset_bytes, size_t size_bytes) {
    const Inode& inode = *file_->inode;
    const uint64_t size = inode.size();
    if (offset_bytes >= size) return Buffer();
    const size_t take = std::min<uint64_t>(size_bytes, size - offset_bytes);
    if (take == 0) return Buffer();
    const bool broken = disk_.read_trouble_.strikes(file_->file_class);
    if (!broken && take <= blank_bytes_max && inode.untouched(offset_bytes, take)) return blank(take);
    MutableBuffer bytes(take);
    if (broken || !inode.read(offset_bytes, bytes.span())) {
        disk_.counters_.struck(FaultKind::latent_error);
        disk_.note("read", file_->path, false);
        return fail(ErrorCode::io_failed, file_->path);
    }
    return std::move(bytes).freeze();
}

void SimFile::read_at(uint64_t offset_bytes, size_t size_bytes,
                      Callback<void(Result<Buffer>)> done) {
    disk_.submit(disk_.options_.read, size_bytes, false,
                 [this, &disk = disk_, handle = handle_, offset_bytes, size_bytes,
                  run = std::move(done)]() mutable {
                     if (disk.handle_alive(handle)) run(read_now(offset_bytes, size_bytes));
                 });
}

void SimFile::sync(Callback<void(Result<void>)> done) {
    disk_.submit(disk_.options_.sync, 0, true,
                 [&disk = disk_, file = file_, handle = handle_, point = file_->inode->sync_point(),
                  run = std::move(done)]() mutable {
                     Result<void> result;
                     if (!sync_land(disk, *file, point)) {
                         result = fail(ErrorCode::io_failed, file->path);
                     }
                     if (disk.handle_alive(handle)) run(std::move(result));
                 });
}

void SimFile::size(Callback<void(Result<uint64_t>)> done) {
    disk_.submit(disk_.options_.names, 0, false,
                 [&disk = disk_, file = file_, handle = handle_, run = std::move(done)]() mutable {
                     if (disk.handle_alive(handle)) run(file->inode->size());
                 });
}

void SimFile::allocate(uint64_t size_bytes, Callback<void(Result<void>)> done) {
    disk_.submit(disk_.options_.names, 0, true,
                 [&disk = disk_, file = file_, handle = handle_, size_bytes,
                  run = std::move(done)]() mutable {
                     Result<void> result;
                     if (disk.fits(*file->inode, size_bytes)) {
                         file->inode->allocate(size_bytes);
                     } else {
                         result = fail(ErrorCode::no_space, file->path);
                     }
                     disk.note("allocate", file->path, result.has_value());
                     if (disk.handle_alive(handle)) run(std::move(result));
                 });
}

void SimFile::truncate(uint64_t size_bytes, Callback<void(Result<void>)> done) {
    disk_.submit(disk_.options_.names, 0, true,
                 [&disk = disk_, file = file_, handle = handle_, size_bytes,
                  run = std::move(done)]() mutable {
                     file->inode->resize(size_bytes);
                     disk.note("truncate", file->path, true);
                     if (disk.handle_alive(handle)) run({});
                 });
}

}  // namespace quern::sim
