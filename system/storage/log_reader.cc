#include "system/storage/log_reader.h"

#include <algorithm>

#include "system/base/checksum.h"
#include "system/base/planted_bug.h"

namespace quern::storage {

struct LogReader::Load {
    GroupId group;
    LogIndex next;
    LogIndex to;
    size_t bytes_left = 0;
    std::vector<WalEntry> entries;
    Callback<void(Result<std::vector<WalEntry>>)> done;

    void finish(Result<std::vector<WalEntry>> result) {
        Callback<void(Result<std::vector<WalEntry>>)> once = std::move(done);
        once(std::move(result));
    }
};

void LogReader::load(GroupId group, LogIndex from, LogIndex to, size_t bytes_max,
                     Callback<void(Result<std::vector<WalEntry>>)> done) {
    auto load = std::make_shared<Load>();
    load->group = group;
    load->next = from;
    load->to = to;
    load->bytes_left = bytes_max;
    load->done = std::move(done);
    env_.loop.post(guard_.wrap([this, load] { run(load); }));
}

void LogReader::run(std::shared_ptr<Load> load) {
    const auto it = groups_.find(load->group);
    const bool beyond = it == groups_.end() || load->next > it->second.last();
    if (beyond && writer_.pending(load->group) && !writer_.failed()) {
        waiting_.push_back(std::move(load));
        return;
    }
    step(load);
}

void LogReader::on_batch_durable() {
    for (auto& load : std::exchange(waiting_, {})) {
        env_.loop.post(guard_.wrap([this, load] { run(load); }));
    }
}

void LogReader::step(const std::shared_ptr<Load>& load) {
    const auto it = groups_.find(load->group);
    while (load->next <= load->to && it != groups_.end()) {
        const Position* at = it->second.at(load->next);
        if (at == nullptr) break;
        if (!load->entries.empty() && at->size_bytes > load->bytes_left) break;
        WalEntry entry;
        entry.group = load->group;
        entry.index = load->next;
        entry.term = at->term();
        entry.kind = at->kind();
        load->bytes_left -= std::min<size_t>(load->bytes_left, at->size_bytes);
        load->next = load->next.next();
        if (const Buffer* cached = cache_.find(load->group, entry.index)) {
            entry.payload = *cached;
            load->entries.push_back(std::move(entry));
            continue;
        }
        read(*at, guard_.wrap([this, load, entry](Result<Buffer> payload) mutable {
            if (!payload && load->entries.empty()) return load->finish(fail(payload.error()));
            if (!payload) load->to = entry.index.prev();
            if (!payload) return step(load);
            entry.payload = std::move(*payload);
            load->entries.push_back(std::move(entry));
            step(load);
        }));
        return;
    }
    // The log may have been cut and rewritten between two reads.
    for (size_t i = 0; i < load->entries.size(); ++i) {
        const WalEntry& entry = load->entries[i];
        const Position* at = it == groups_.end() ? nullptr : it->second.at(entry.index);
        if (at != nullptr && at->term() == entry.term) continue;
        load->entries.resize(i);
        break;
    }
    load->finish(std::move(load->entries));
}

const Position* LogReader::position(GroupId group, LogIndex index) const {
    const auto it = groups_.find(group);
    return it == groups_.end() ? nullptr : it->second.at(index);
}

const Buffer* LogReader::payload_in_memory(GroupId group, LogIndex index) const {
    if (!writer_.cuts_queued()) {
        const Buffer* cached = cache_.find(group, index);
        if (cached != nullptr || position(group, index) != nullptr) return cached;
    }
    const WalWriter::QueuedEntry queued = writer_.queued_entry(group, index);
    return queued.decides ? queued.payload : cache_.find(group, index);
}

void LogReader::payload(GroupId group, LogIndex index, Callback<void(Result<Buffer>)> done) {
    const WalWriter::QueuedEntry queued = writer_.queued_entry(group, index);
    const Position* at = position(group, index);
    if (!queued.decides && at != nullptr) return read(*at, std::move(done));
    Result<Buffer> payload = fail(ErrorCode::not_found, "the log does not hold the entry");
    if (queued.payload != nullptr) payload = *queued.payload;
    env_.loop.post(guard_.wrap([done = std::move(done), payload = std::move(payload)]() mutable {
        done(std::move(payload));
    }));
}

void LogReader::read(const Position& position, Callback<void(Result<Buffer>)> done) {
    const auto file = writer_.segments().file_of(position.segment_number());
    if (position.damaged() || file == nullptr) {
        env_.loop.post(guard_.wrap([done = std::move(done)]() mutable {
            done(fail(ErrorCode::corrupt, "the entry is damaged"));
        }));
        return;
    }
    const size_t size = position.size_bytes;
    const uint32_t crc = position.crc();
    // An unreadable sector is damage like a failed checksum.
    // The file is held until its read is over: the segment may be removed meanwhile.
    file->read_at(
        position.offset_bytes(), size,
        guard_.wrap([file, size, crc, done = std::move(done)](Result<Buffer> bytes) mutable {
            if (!bytes || bytes->size() != size ||
                (crc32c(bytes->span()) != crc && !PLANTED(read_not_checked))) {
                return done(fail(ErrorCode::corrupt, "the entry fails its checksum"));
            }
            done(std::move(*bytes));
        }));
}

}  // namespace quern::storage
