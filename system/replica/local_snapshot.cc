#include "system/replica/local_snapshot.h"

#include <cstring>

#include "system/base/planted_bug.h"

namespace quern::replica {

namespace {

constexpr size_t chunk_bytes = 1u << 20;
constexpr size_t bodies_per_step = 1024;

uint64_t load_le64(const uint8_t* p) {
    uint64_t value = 0;
    for (int i = 7; i >= 0; --i) value = (value << 8) | p[i];
    return value;
}

void store_le64(uint8_t* p, uint64_t value) {
    for (int i = 0; i < 8; ++i) p[i] = static_cast<uint8_t>(value >> (8 * i));
}

// Reads chunks until the end.
struct Reading {
    std::unique_ptr<storage::SnapshotReader> reader;
    LoadedSnapshot loaded;
    bool have_header = false;
    Callback<void(Result<LoadedSnapshot>)> done;
};

void read_next(std::shared_ptr<Reading> reading) {
    storage::SnapshotReader& reader = *reading->reader;
    reader.next([reading = std::move(reading)](Result<Buffer> chunk) mutable {
        if (!chunk) return reading->done(fail(std::move(chunk.error())));
        if (chunk->empty()) return reading->done(std::move(reading->loaded));
        if (reading->have_header) {
            reading->loaded.chunks.push_back(std::move(*chunk));
        } else {
            Result<raft::SnapshotMeta> meta = decode_snapshot_header(*chunk);
            if (!meta) return reading->done(fail(std::move(meta.error())));
            reading->loaded.meta = std::move(*meta);
            reading->have_header = true;
        }
        read_next(std::move(reading));
    });
}

}  // namespace

// index, term (8 bytes each, little endian), configuration as in docs/formats/raft.md.
Buffer encode_snapshot_header(const raft::SnapshotMeta& meta) {
    const Buffer configuration = raft::encode_configuration(meta.configuration);
    MutableBuffer bytes(16 + configuration.size());
    store_le64(bytes.data(), meta.index.value);
    store_le64(bytes.data() + 8, meta.term.value);
    if (!configuration.empty()) {
        std::memcpy(bytes.data() + 16, configuration.data(), configuration.size());
    }
    return std::move(bytes).freeze();
}

Result<raft::SnapshotMeta> decode_snapshot_header(const Buffer& chunk) {
    if (chunk.size() < 16) return fail(ErrorCode::corrupt, "a snapshot's header is too short");
    Result<raft::Configuration> configuration = raft::decode_configuration(chunk.span().subspan(16));
    if (!configuration) return fail(std::move(configuration.error()));
    return raft::SnapshotMeta{LogIndex(load_le64(chunk.data())), Term(load_le64(chunk.data() + 8)),
                              std::move(*configuration)};
}

void read_local_snapshot(storage::NodeStorage& storage, GroupId group,
                         Callback<void(Result<LoadedSnapshot>)> done) {
    auto reading = std::make_shared<Reading>();
    reading->done = std::move(done);
    storage.read_snapshot(
        group, [reading](Result<std::unique_ptr<storage::SnapshotReader>> reader) mutable {
            if (!reader) return reading->done(fail(std::move(reader.error())));
            reading->reader = std::move(*reader);
            read_next(std::move(reading));
        });
}

LocalSnapshotTask::LocalSnapshotTask(storage::NodeStorage& storage, GroupId group, raft::SnapshotMeta meta,
                                     std::unique_ptr<SnapshotSource> source, Mend mend,
                                     Callback<void(Result<raft::SnapshotMeta>)> done)
    : storage_(storage), group_(group), meta_(std::move(meta)), source_(std::move(source)),
      mend_(std::move(mend)), done_(std::move(done)) {}

void LocalSnapshotTask::start() {
    writer_ = storage_.write_snapshot(group_, meta_.index);
    writer_->append(encode_snapshot_header(meta_), guard_.wrap([this](Result<void> written) {
        if (!written) return end(fail(std::move(written.error())));
        append_next();
    }));
}

void LocalSnapshotTask::append_next() {
    Buffer chunk = source_->next_chunk(chunk_bytes);
    if (chunk.empty()) return carry_next();
    writer_->append(std::move(chunk), guard_.wrap([this](Result<void> written) {
        if (!written) return end(fail(std::move(written.error())));
        append_next();
    }));
}

void LocalSnapshotTask::carry_next() {
    live_ = source_->next_bodies(bodies_per_step);
    if (live_.empty()) return sync_bodies();
    carry(false);
}

void LocalSnapshotTask::carry(bool mended) {
    storage_.carry_over(group_, live_, guard_.wrap([this, mended](Result<void> carried) {
        if (carried) return carry_next();
        const ErrorCode code = carried.error().code;
        if (mended || (code != ErrorCode::corrupt && code != ErrorCode::not_found)) {
            return end(fail(std::move(carried.error())));
        }
        damaged_.clear();
        find_damaged(0);
    }));
}

// One by one: they need not fit in memory together.
void LocalSnapshotTask::find_damaged(size_t from) {
    if (from == live_.size()) {
        return mend_(std::move(damaged_), guard_.wrap([this] { carry(true); }));
    }
    storage_.read_body(group_, live_[from], guard_.wrap([this, from](Result<Buffer> body) {
        if (!body && body.error().code == ErrorCode::corrupt) damaged_.push_back(live_[from]);
        find_damaged(from + 1);
    }));
}

void LocalSnapshotTask::sync_bodies() {
    storage_.sync_bodies(group_, guard_.wrap([this](Result<void> synced) {
        if (!synced) return end(fail(std::move(synced.error())));
        finish_file();
    }));
}

void LocalSnapshotTask::finish_file() {
    if (PLANTED(snapshot_recorded_before_file)) {
        writer_->finish([](const Result<void>&) {});
        return record();
    }
    writer_->finish(guard_.wrap([this](Result<void> finished) {
        if (!finished) return end(fail(std::move(finished.error())));
        record();
    }));
}

void LocalSnapshotTask::record() {
    storage::GroupChange change;
    change.group = group_;
    change.snapshot_index = meta_.index;
    change.snapshot_term = meta_.term;
    storage_.write({std::move(change)}, guard_.wrap([this](Result<void> written) {
        if (!written) return end(fail(std::move(written.error())));
        end(meta_);
    }));
}

// The owner destroys this object in the callback.
void LocalSnapshotTask::end(Result<raft::SnapshotMeta> result) {
    Callback<void(Result<raft::SnapshotMeta>)> done = std::move(done_);
    done(std::move(result));
}

}  // namespace quern::replica
