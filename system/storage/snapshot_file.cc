#include "system/storage/snapshot_file.h"

#include <charconv>
#include <cstdio>

#include "system/base/checksum.h"
#include "system/base/planted_bug.h"
#include "system/storage/file_remove.h"
#include "system/storage/snapshot_format.h"

namespace quern::storage {

namespace {

constexpr size_t name_digits = 32;

uint64_t extend_chain(uint64_t chain, uint32_t chunk_crc) {
    RollingHash hash;
    hash.set(chain);
    hash.add(chunk_crc);
    return hash.value();
}

// Group and index in a final name: gNNNNNN-IIIIIIIIIIIIIIII.snap; false otherwise.
bool parse_name(const std::string& name, GroupId& group, LogIndex& index) {
    const size_t dash = name.find('-');
    if (dash == std::string::npos || name[0] != 'g') return false;
    uint32_t number = 0;
    uint64_t at = 0;
    const char* text = name.data();
    std::from_chars(text + 1, text + dash, number);
    std::from_chars(text + dash + 1, text + name.size(), at, 16);
    group = GroupId(number);
    index = LogIndex(at);
    return snapshot_path(group, index) == std::string(snapshot_folder) + "/" + name;
}

enum class WriterState : uint8_t { unopened, ready, busy, finished, broken };

class FileSnapshotWriter final : public SnapshotWriter {
public:
    FileSnapshotWriter(Env& env, const SnapshotHeader& header, std::string temporary)
        : env_(env), header_(header), temporary_(std::move(temporary)) {}
    ~FileSnapshotWriter() override {
        if (state_ == WriterState::unopened || state_ == WriterState::finished) return;
        file_.reset();
        env_.disk.remove(temporary_, [](const Result<void>&) {});
    }

    void append(Buffer chunk, Callback<void(Result<void>)> done) override {
        QUERN_ASSERT(chunk.size() <= snapshot_chunk_bytes_max && !chunk.empty());
        SnapshotFrame frame;
        frame.size_bytes = static_cast<uint32_t>(chunk.size());
        frame.ordinal = chunks_++;
        frame.chunk_crc = crc32c(chunk.span());
        chain_ = extend_chain(chain_, frame.chunk_crc);
        frame.chain = chain_;
        outgoing_.append(encode_snapshot_frame(frame));
        outgoing_.append(std::move(chunk));
        last_ = false;
        begin(std::move(done));
    }
    void finish(Callback<void(Result<void>)> done) override {
        SnapshotFrame frame;
        frame.ordinal = chunks_;
        frame.chain = chain_;
        frame.last = true;
        outgoing_.append(encode_snapshot_frame(frame));
        last_ = true;
        begin(std::move(done));
    }

private:
    void begin(Callback<void(Result<void>)> done) {
        QUERN_ASSERT(!done_);
        done_ = std::move(done);
        if (state_ == WriterState::broken) {
            env_.loop.post(guard_.wrap([this] { complete(fail(ErrorCode::io_failed)); }));
            return;
        }
        if (state_ == WriterState::ready) return write();
        QUERN_ASSERT(state_ == WriterState::unopened);
        state_ = WriterState::busy;
        env_.disk.open(temporary_, OpenMode::create_or_open,
                       guard_.wrap([this](Result<std::unique_ptr<File>> file) {
                           on_opened(std::move(file));
                       }));
    }
    void on_opened(Result<std::unique_ptr<File>> file) {
        if (!file) return complete(fail(file.error()));
        file_ = std::move(*file);
        BufferChain whole(encode_snapshot_header(header_));
        whole.append(outgoing_);
        outgoing_ = std::move(whole);
        write();
    }
    void write() {
        state_ = WriterState::busy;
        const uint64_t at = at_;
        at_ += outgoing_.size();
        file_->write_at(at, std::exchange(outgoing_, {}),
                        [this](Result<void> done) { on_written(std::move(done)); });
    }
    void on_written(Result<void> done) {
        if (!done || !last_) return complete(std::move(done));
        if (PLANTED(snapshot_not_synced)) return on_synced({});
        file_->sync([this](Result<void> synced) { on_synced(std::move(synced)); });
    }
    void on_synced(Result<void> done) {
        if (!done) return complete(std::move(done));
        env_.disk.rename(
            temporary_, snapshot_path(header_.group, header_.index),
            guard_.wrap([this](Result<void> renamed) { on_renamed(std::move(renamed)); }));
    }
    void on_renamed(Result<void> done) {
        if (!done) return complete(std::move(done));
        state_ = WriterState::finished;
        if (PLANTED(snapshot_folder_not_synced)) return complete({});
        env_.disk.sync_directory(snapshot_folder, guard_.wrap([this](Result<void> synced) {
            complete(std::move(synced));
        }));
    }
    // `done` may destroy this object.
    void complete(Result<void> result) {
        if (!result) {
            state_ = WriterState::broken;
        } else if (state_ != WriterState::finished) {
            state_ = WriterState::ready;
        }
        Callback<void(Result<void>)> done = std::move(done_);
        done(std::move(result));
    }

    Env& env_;
    SnapshotHeader header_;
    std::string temporary_;
    WriterState state_ = WriterState::unopened;
    std::unique_ptr<File> file_;
    BufferChain outgoing_;
    bool last_ = false;
    uint64_t at_ = 0;
    uint32_t chunks_ = 0;
    uint64_t chain_ = 0;
    Callback<void(Result<void>)> done_;
    LifeGuard guard_;
};

class FileSnapshotReader final : public SnapshotReader {
public:
    FileSnapshotReader(std::unique_ptr<File> file, const SnapshotHeader& header)
        : file_(std::move(file)), header_(header) {}

    using Done = Callback<void(Result<Buffer>)>;

    void next(Done done) override {
        // A chunk's read takes the next frame along, so each chunk is one read.
        const bool start = at_ == 0;
        const size_t header = start ? snapshot_header_bytes : 0;
        const size_t frame = frame_known_ ? 0 : snapshot_frame_bytes;
        if (header + frame > 0) {
            file_->read_at(at_, header + frame,
                           [this, done = std::move(done)](Result<Buffer> bytes) mutable {
                               on_frame(std::move(bytes), std::move(done));
                           });
        } else {
            read_chunk(std::move(done));
        }
    }

private:
    // `done` travels with the read, not in this object, which it may own: what is dropped with its disk
    // must not keep itself alive.
    // An unreadable sector is damage like a failed checksum.
    void on_frame(Result<Buffer> bytes, Done done) {
        if (!bytes) return corrupt("frame", done);
        size_t offset = 0;
        if (at_ == 0) {
            if (!snapshot_header_matches(bytes->span(), header_)) return corrupt("header", done);
            offset = snapshot_header_bytes;
        }
        if (!take_frame(bytes->span().subspan(std::min(offset, bytes->size())))) {
            return corrupt("frame", done);
        }
        at_ += offset + snapshot_frame_bytes;
        read_chunk(std::move(done));
    }
    bool take_frame(ByteSpan bytes) {
        const auto frame = decode_snapshot_frame(bytes);
        if (!frame || frame->ordinal != chunks_ || frame->size_bytes > snapshot_chunk_bytes_max) {
            return false;
        }
        if (frame->last != (frame->size_bytes == 0)) return false;
        frame_ = *frame;
        frame_known_ = true;
        return !frame_.last || frame_.chain == chain_;
    }
    void read_chunk(Done done) {
        const size_t size = frame_.last ? 1 : frame_.size_bytes + snapshot_frame_bytes;
        file_->read_at(at_, size, [this, done = std::move(done)](Result<Buffer> bytes) mutable {
            on_chunk(std::move(bytes), std::move(done));
        });
    }
    void on_chunk(Result<Buffer> bytes, Done done) {
        if (!bytes) return corrupt("chunk", done);
        if (frame_.last) return done(Buffer());
        const size_t size = frame_.size_bytes;
        if (bytes->size() < size || crc32c(bytes->span().first(size)) != frame_.chunk_crc) {
            return corrupt("chunk", done);
        }
        chain_ = extend_chain(chain_, frame_.chunk_crc);
        if (chain_ != frame_.chain) return corrupt("chunk", done);
        ++chunks_;
        at_ += size + snapshot_frame_bytes;
        Buffer chunk = bytes->slice(0, size);
        if (!take_frame(bytes->span().subspan(size))) return corrupt("frame", done);
        done(std::move(chunk));
    }
    void corrupt(const char* what, Done& done) {
        done(fail(ErrorCode::corrupt, std::string("a snapshot's ") + what +
                                          " fails its checksum, chunk " + std::to_string(chunks_)));
    }

    std::unique_ptr<File> file_;
    SnapshotHeader header_;
    uint64_t at_ = 0;
    uint32_t chunks_ = 0;
    uint64_t chain_ = 0;
    bool frame_known_ = false;
    SnapshotFrame frame_;
};

}  // namespace

std::string snapshot_path(GroupId group, LogIndex index) {
    char name[name_digits + 32];
    std::snprintf(name, sizeof name, "snapshots/g%06u-%016llx.snap", group.value,
                  static_cast<unsigned long long>(index.value));
    return name;
}

std::unique_ptr<SnapshotWriter> SnapshotFiles::write(GroupId group, LogIndex index) {
    const std::string temporary =
        snapshot_path(group, index) + "." + std::to_string(++writers_) + ".new";
    return std::make_unique<FileSnapshotWriter>(env_, SnapshotHeader{node_uuid_, group, index},
                                                temporary);
}

void SnapshotFiles::read(GroupId group, LogIndex index,
                         Callback<void(Result<std::unique_ptr<SnapshotReader>>)> done) {
    const SnapshotHeader header{node_uuid_, group, index};
    env_.disk.open(snapshot_path(group, index), OpenMode::existing,
                   [done = std::move(done), header](Result<std::unique_ptr<File>> file) mutable {
                       if (!file && file.error().code == ErrorCode::not_found) {
                           return done(fail(ErrorCode::corrupt, "the snapshot's file is gone"));
                       }
                       if (!file) return done(fail(file.error()));
                       done(std::make_unique<FileSnapshotReader>(std::move(*file), header));
                   });
}

void SnapshotFiles::clean(const std::map<GroupId, LogIndex>& current,
                          Callback<void(Result<void>)> done) {
    env_.disk.list(snapshot_folder, [this, current, done = std::move(done)](
                                        Result<std::vector<std::string>> names) mutable {
        if (!names) return done(fail(names.error()));
        std::vector<std::string> unused;
        for (const std::string& name : *names) {
            GroupId group;
            LogIndex index;
            if (parse_name(name, group, index)) {
                const auto at = current.find(group);
                if (at != current.end() && at->second == index) continue;
            }
            unused.push_back(std::string(snapshot_folder) + "/" + name);
        }
        remove_files(env_.disk, std::move(unused), std::move(done));
    });
}

void SnapshotFiles::remove_below(GroupId group, LogIndex index) {
    env_.disk.list(snapshot_folder, guard_.wrap([this, group,
                                                 index](Result<std::vector<std::string>> names) {
        if (!names) return;
        for (const std::string& name : *names) {
            GroupId of;
            LogIndex at;
            if (!parse_name(name, of, at) || of != group || at >= index) continue;
            env_.disk.remove(std::string(snapshot_folder) + "/" + name, [](const Result<void>&) {});
        }
    }));
}

}  // namespace quern::storage
