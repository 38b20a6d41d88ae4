#include "tests/unit/storage/mem_disk.h"

#include <algorithm>

namespace quern::test {

namespace {

constexpr uint64_t sector_bytes = 512;

class MemFile final : public File {
public:
    MemFile(MemDisk& disk, InodePtr inode, std::string path)
        : disk_(disk), inode_(std::move(inode)), path_(std::move(path)) {}

    void write_at(uint64_t offset, BufferChain data, Callback<void(Result<void>)> done) override {
        run([this, offset, data, done = std::move(done)]() mutable {
            if (disk_.crashed) return;
            const bool stop = disk_.change();
            Result<void> result = put(offset, data);
            if (!stop) done(std::move(result));
        });
    }
    void write_at_durable(uint64_t offset, BufferChain data,
                          Callback<void(Result<void>)> done) override {
        run([this, offset, data, done = std::move(done)]() mutable {
            if (disk_.crashed) return;
            const bool stop = disk_.change();
            Result<void> result = put(offset, data);
            if (stop) return;
            if (result) result = make_durable(offset, data.size());
            done(std::move(result));
        });
    }
    void read_at(uint64_t offset, size_t size, Callback<void(Result<Buffer>)> done) override {
        run([this, offset, size, done = std::move(done)]() mutable {
            if (disk_.crashed) return;
            for (const auto& [path, block] : disk_.unreadable) {
                if (path == path_ && block * 4096 < offset + size && offset < (block + 1) * 4096) {
                    return done(fail(ErrorCode::io_failed, "unreadable"));
                }
            }
            const auto& bytes = inode_->bytes;
            if (offset >= bytes.size()) return done(Buffer());
            const size_t got = std::min<size_t>(size, bytes.size() - offset);
            done(Buffer::copy_of(ByteSpan(bytes).subspan(offset, got)));
        });
    }
    void sync(Callback<void(Result<void>)> done) override {
        run([this, done = std::move(done)]() mutable {
            if (disk_.crashed || disk_.change()) return;
            done(make_durable());
        });
    }
    void size(Callback<void(Result<uint64_t>)> done) override {
        run([this, done = std::move(done)]() mutable {
            if (!disk_.crashed) done(inode_->bytes.size());
        });
    }
    void allocate(uint64_t size, Callback<void(Result<void>)> done) override {
        run([this, size, done = std::move(done)]() mutable {
            if (disk_.crashed || disk_.change()) return;
            const uint64_t have = inode_->bytes.size();
            if (size > have && !disk_.room_for(size - have)) return done(fail(ErrorCode::no_space));
            if (size > have) inode_->bytes.resize(size);
            done({});
        });
    }
    void truncate(uint64_t size, Callback<void(Result<void>)> done) override {
        run([this, size, done = std::move(done)]() mutable {
            if (disk_.crashed || disk_.change()) return;
            inode_->bytes.resize(size);
            done({});
        });
    }

private:
    template <typename F>
    void run(F f) {
        disk_.loop().post(guard_.wrap(std::move(f)));
    }
    Result<void> put(uint64_t offset, const BufferChain& data) {
        if (std::exchange(disk_.lose_next_write, false)) return {};
        const uint64_t end = offset + data.size();
        if (end > inode_->bytes.size()) {
            if (!disk_.room_for(end - inode_->bytes.size())) return fail(ErrorCode::no_space);
            inode_->bytes.resize(end);
        }
        uint64_t at = offset;
        for (const Buffer& part : data.parts()) {
            std::copy(part.data(), part.data() + part.size(),
                      inode_->bytes.begin() + static_cast<int64_t>(at));
            at += part.size();
        }
        for (uint64_t s = offset / sector_bytes; s * sector_bytes < end; ++s)
            inode_->dirty.insert(s);
        return {};
    }
    Result<void> make_durable() {
        if (std::exchange(disk_.fail_next_sync, false)) return fail(ErrorCode::io_failed);
        inode_->durable = inode_->bytes;
        inode_->dirty.clear();
        return {};
    }

    // Only what was written, and no more of a file that has grown than that.
    Result<void> make_durable(uint64_t offset, size_t size) {
        if (std::exchange(disk_.fail_next_sync, false)) return fail(ErrorCode::io_failed);
        const uint64_t end = std::min<uint64_t>(offset + size, inode_->bytes.size());
        if (inode_->durable.size() < end) inode_->durable.resize(end);
        if (offset >= end) return {};
        std::copy_n(inode_->bytes.begin() + static_cast<int64_t>(offset), end - offset,
                    inode_->durable.begin() + static_cast<int64_t>(offset));
        for (uint64_t s = offset / sector_bytes; s * sector_bytes < end; ++s)
            inode_->dirty.erase(s);
        return {};
    }

    MemDisk& disk_;
    InodePtr inode_;
    std::string path_;
    LifeGuard guard_;
};

}  // namespace

bool MemDisk::change() {
    if (++changes == crash_at) crashed = true;
    return crashed;
}

std::string MemDisk::folder_of(const std::string& path) {
    const size_t slash = path.rfind('/');
    return slash == std::string::npos ? "" : path.substr(0, slash);
}

void MemDisk::apply(std::map<std::string, InodePtr>& names, const NameChange& change) {
    if (!change.from.empty()) names.erase(change.from);
    if (!change.to.empty()) names[change.to] = change.inode;
}

void MemDisk::open(const std::string& path, OpenMode mode,
                   Callback<void(Result<std::unique_ptr<File>>)> done) {
    loop_.post([this, path, mode, done = std::move(done)]() mutable {
        if (crashed) return;
        auto it = names_.find(path);
        if (it == names_.end()) {
            if (mode == OpenMode::existing) return done(fail(ErrorCode::not_found));
            const bool stop = change();
            name_changes_.push_back({"", path, std::make_shared<Inode>()});
            apply(names_, name_changes_.back());
            if (stop) return;
            it = names_.find(path);
        } else if (mode == OpenMode::create_new) {
            return done(fail(ErrorCode::already_exists));
        }
        done(std::make_unique<MemFile>(*this, it->second, path));
    });
}

void MemDisk::rename(const std::string& from, const std::string& to,
                     Callback<void(Result<void>)> done) {
    loop_.post([this, from, to, done = std::move(done)]() mutable {
        if (crashed) return;
        if (!names_.contains(from)) return done(fail(ErrorCode::not_found));
        const bool stop = change();
        name_changes_.push_back({from, to, names_.at(from)});
        apply(names_, name_changes_.back());
        if (!stop) done({});
    });
}

void MemDisk::remove(const std::string& path, Callback<void(Result<void>)> done) {
    loop_.post([this, path, done = std::move(done)]() mutable {
        if (crashed) return;
        if (!names_.contains(path)) return done(fail(ErrorCode::not_found));
        const bool stop = change();
        name_changes_.push_back({path, "", nullptr});
        apply(names_, name_changes_.back());
        if (!stop) done({});
    });
}

void MemDisk::list(const std::string& folder,
                   Callback<void(Result<std::vector<std::string>>)> done) {
    loop_.post([this, folder, done = std::move(done)]() mutable {
        if (crashed) return;
        std::vector<std::string> found;
        for (const auto& [path, inode] : names_) {
            if (folder_of(path) == folder)
                found.push_back(path.substr(folder.empty() ? 0 : folder.size() + 1));
        }
        done(std::move(found));
    });
}

void MemDisk::sync_directory(const std::string& folder, Callback<void(Result<void>)> done) {
    loop_.post([this, folder, done = std::move(done)]() mutable {
        if (crashed || change()) return;
        std::erase_if(name_changes_, [&](const NameChange& c) {
            const std::string& path = c.to.empty() ? c.from : c.to;
            if (folder_of(path) != folder) return false;
            apply(durable_names_, c);
            return true;
        });
        done({});
    });
}

void MemDisk::space(Callback<void(Result<DiskSpace>)> done) {
    loop_.post([this, done = std::move(done)]() mutable {
        if (crashed) return;
        const uint64_t used = used_bytes();
        done(DiskSpace{capacity_bytes > used ? capacity_bytes - used : 0, capacity_bytes});
    });
}

uint64_t MemDisk::used_bytes() const {
    uint64_t used = 0;
    for (const auto& [path, inode] : names_)
        used += inode->bytes.size();
    return used;
}

void MemDisk::crash(Prng& random) {
    // Half of the time in order, as a journal does; else any of them.
    const bool in_order = random.chance(1, 2);
    const size_t kept = random.below(name_changes_.size() + 1);
    for (size_t i = 0; i < name_changes_.size(); ++i) {
        if (in_order ? i < kept : random.chance(1, 2)) apply(durable_names_, name_changes_[i]);
    }
    name_changes_.clear();
    names_ = durable_names_;
    std::set<Inode*> seen;
    for (auto& [path, inode] : names_) {
        if (!seen.insert(inode.get()).second) continue;
        std::vector<uint8_t>& now = inode->bytes;
        std::vector<uint8_t>& old = inode->durable;
        if (random.chance(1, 2)) old.resize(now.size());
        for (const uint64_t s : inode->dirty) {
            const uint64_t from = s * sector_bytes;
            const uint64_t to = std::min<uint64_t>({from + sector_bytes, old.size(), now.size()});
            if (from >= to || random.chance(1, 2)) continue;
            std::copy(now.begin() + static_cast<int64_t>(from),
                      now.begin() + static_cast<int64_t>(to),
                      old.begin() + static_cast<int64_t>(from));
        }
        now = old;
        inode->dirty.clear();
    }
    crashed = false;
    crash_at = UINT64_MAX;
}

void MemDisk::crash_losing_all() {
    name_changes_.clear();
    names_ = durable_names_;
    for (auto& [path, inode] : names_) {
        inode->bytes = inode->durable;
        inode->dirty.clear();
    }
    crashed = false;
    crash_at = UINT64_MAX;
}

std::vector<std::string> MemDisk::paths() const {
    std::vector<std::string> all;
    for (const auto& [path, inode] : names_)
        all.push_back(path);
    return all;
}

void MemDisk::flip(const std::string& path, uint64_t offset_bytes) {
    inode(path).bytes.at(offset_bytes) ^= 0x10;
    if (offset_bytes < inode(path).durable.size()) inode(path).durable[offset_bytes] ^= 0x10;
}

}  // namespace quern::test
