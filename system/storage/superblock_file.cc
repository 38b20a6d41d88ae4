#include "system/storage/superblock_file.h"

#include "system/storage/file_read.h"
#include "system/storage/segment_set.h"

namespace quern::storage {

namespace {

constexpr const char* temporary_path = "superblock.new";
constexpr const char* root_folder = "";

class Format : public std::enable_shared_from_this<Format> {
public:
    Format(Env& env, const Superblock& identity, Callback<void(Result<void>)> done)
        : env_(env), superblock_(identity), done_(std::move(done)) {
        superblock_.format_version = format_version_current;
    }
    void start() {
        env_.disk.open(superblock_path, OpenMode::existing,
                       [self = shared_from_this()](Result<std::unique_ptr<File>> file) {
                           self->on_probed(std::move(file));
                       });
    }

private:
    void on_probed(Result<std::unique_ptr<File>> file) {
        if (file) return finish(fail(ErrorCode::already_exists, "there is a superblock"));
        if (file.error().code != ErrorCode::not_found) return finish(fail(file.error()));
        env_.disk.list(wal_folder,
                       [self = shared_from_this()](Result<std::vector<std::string>> names) {
                           self->on_listed(std::move(names));
                       });
    }
    void on_listed(Result<std::vector<std::string>> names) {
        if (!names) return finish(fail(names.error()));
        if (!names->empty()) {
            return finish(fail(ErrorCode::corrupt, "there is a WAL but no superblock"));
        }
        env_.disk.open(temporary_path, OpenMode::create_or_open,
                       [self = shared_from_this()](Result<std::unique_ptr<File>> file) {
                           self->on_opened(std::move(file));
                       });
    }
    void on_opened(Result<std::unique_ptr<File>> file) {
        if (!file) return finish(fail(file.error()));
        file_ = std::move(*file);
        file_->write_at_durable(
            0, encode_superblock(PickedSuperblock{superblock_}),
            [self = shared_from_this()](Result<void> done) { self->on_written(std::move(done)); });
    }
    void on_written(Result<void> done) {
        if (!done) return finish(std::move(done));
        env_.disk.rename(temporary_path, superblock_path,
                         [self = shared_from_this()](Result<void> renamed) {
                             self->on_renamed(std::move(renamed));
                         });
    }
    void on_renamed(Result<void> done) {
        if (!done) return finish(std::move(done));
        env_.disk.sync_directory(root_folder, [self = shared_from_this()](Result<void> synced) {
            self->finish(std::move(synced));
        });
    }
    void finish(Result<void> result) {
        file_.reset();
        Callback<void(Result<void>)> done = std::move(done_);
        done(std::move(result));
    }

    Env& env_;
    Superblock superblock_;
    Callback<void(Result<void>)> done_;
    std::unique_ptr<File> file_;
};

class Read : public std::enable_shared_from_this<Read> {
public:
    Read(Env& env, Callback<void(Result<PickedSuperblock>)> done)
        : env_(env), done_(std::move(done)) {}
    void start() {
        env_.disk.open(superblock_path, OpenMode::existing,
                       [self = shared_from_this()](Result<std::unique_ptr<File>> file) {
                           self->on_opened(std::move(file));
                       });
    }

private:
    void on_opened(Result<std::unique_ptr<File>> file) {
        if (file) {
            return read_whole(std::move(*file), superblock_file_bytes,
                              [self = shared_from_this()](Result<WholeFile> found) {
                                  self->on_read(std::move(found));
                              });
        }
        if (file.error().code != ErrorCode::not_found) return finish(fail(file.error()));
        env_.disk.list(wal_folder,
                       [self = shared_from_this()](Result<std::vector<std::string>> names) {
                           self->on_listed(std::move(names));
                       });
    }
    void on_listed(const Result<std::vector<std::string>>& names) {
        if (!names) return finish(fail(names.error()));
        if (names->empty()) return finish(fail(ErrorCode::not_found, "not formatted"));
        finish(fail(ErrorCode::corrupt, "there is a WAL but no superblock"));
    }
    void on_read(const Result<WholeFile>& file) {
        if (!file) return finish(fail(file.error()));
        auto picked = pick_superblock(file->bytes.span());
        if (!picked) return finish(fail(picked.error()));
        if (picked->degraded) {
            env_.log.write(LogLevel::warning, "superblock", "some copies are damaged");
        }
        finish(std::move(*picked));
    }
    void finish(Result<PickedSuperblock> result) {
        Callback<void(Result<PickedSuperblock>)> done = std::move(done_);
        done(std::move(result));
    }

    Env& env_;
    Callback<void(Result<PickedSuperblock>)> done_;
};

class NoteBegun : public std::enable_shared_from_this<NoteBegun> {
public:
    NoteBegun(Env& env, PickedSuperblock picked, Callback<void(Result<void>)> done)
        : env_(env), done_(std::move(done)) {
        picked.sequence += 1;
        picked.wal_began = true;
        bytes_ = encode_superblock(picked);
    }
    void start() {
        env_.disk.open(superblock_path, OpenMode::existing,
                       [self = shared_from_this()](Result<std::unique_ptr<File>> file) {
                           if (!file) return self->finish(fail(file.error()));
                           self->file_ = std::move(*file);
                           self->write_half(0);
                       });
    }

private:
    static constexpr size_t half_bytes = superblock_copies / 2 * superblock_stride_bytes;

    void write_half(size_t from) {
        const size_t size = from == 0 ? half_bytes : bytes_.size() - from;
        file_->write_at_durable(from, bytes_.slice(from, size),
                                [self = shared_from_this(), from](Result<void> written) {
                                    if (!written || from != 0) {
                                        return self->finish(std::move(written));
                                    }
                                    self->write_half(half_bytes);
                                });
    }
    void finish(Result<void> result) {
        file_.reset();
        Callback<void(Result<void>)> done = std::move(done_);
        done(std::move(result));
    }

    Env& env_;
    Buffer bytes_;
    Callback<void(Result<void>)> done_;
    std::unique_ptr<File> file_;
};

}  // namespace

void format_superblock(Env& env, const Superblock& identity, Callback<void(Result<void>)> done) {
    std::make_shared<Format>(env, identity, std::move(done))->start();
}

void read_superblock_file(Env& env, Callback<void(Result<PickedSuperblock>)> done) {
    std::make_shared<Read>(env, std::move(done))->start();
}

void note_wal_began(Env& env, const PickedSuperblock& picked, Callback<void(Result<void>)> done) {
    std::make_shared<NoteBegun>(env, picked, std::move(done))->start();
}

}  // namespace quern::storage
