#include "system/storage/file_read.h"

#include <algorithm>
#include <cstring>

namespace quern::storage {

namespace {

class WholeRead : public std::enable_shared_from_this<WholeRead> {
public:
    WholeRead(std::shared_ptr<File> file, uint64_t bytes_max, Callback<void(Result<WholeFile>)> done)
        : file_(std::move(file)), bytes_max_(bytes_max), done_(std::move(done)) {}

    void start() {
        file_->size([self = shared_from_this()](Result<uint64_t> size) { self->on_size(size); });
    }

private:
    void on_size(const Result<uint64_t>& size) {
        if (!size) return finish(fail(size.error()));
        bytes_ = MutableBuffer(std::min(*size, bytes_max_));
        read_next();
    }

    void read_next() {
        if (at_ == bytes_.size()) return finish(WholeFile{std::move(bytes_).freeze(), unreadable_end_});
        const size_t whole = at_ < careful_until_ ? read_block_bytes : read_piece_bytes;
        const size_t size = std::min(whole, bytes_.size() - at_);
        file_->read_at(at_, size, [self = shared_from_this(), size](Result<Buffer> piece) {
            self->on_piece(size, std::move(piece));
        });
    }

    void on_piece(size_t asked, Result<Buffer> piece) {
        if (piece && piece->empty()) return finish(WholeFile{std::move(bytes_).freeze(at_), unreadable_end_});
        if (piece && piece->size() == bytes_.size()) return finish(WholeFile{std::move(*piece)});
        if (piece) {
            const size_t got = std::min(piece->size(), asked);
            std::memcpy(bytes_.data() + at_, piece->data(), got);
            at_ += got;
        } else if (asked > read_block_bytes) {
            careful_until_ = at_ + asked;
        } else {
            std::memset(bytes_.data() + at_, unreadable_fill, asked);
            at_ += asked;
            unreadable_end_ = at_;
        }
        read_next();
    }

    void finish(Result<WholeFile> result) {
        Callback<void(Result<WholeFile>)> done = std::move(done_);
        file_.reset();
        done(std::move(result));
    }

    std::shared_ptr<File> file_;
    uint64_t bytes_max_;
    Callback<void(Result<WholeFile>)> done_;
    MutableBuffer bytes_;
    size_t at_ = 0;
    size_t careful_until_ = 0;
    uint64_t unreadable_end_ = 0;
};

}  // namespace

void read_whole(std::shared_ptr<File> file, uint64_t bytes_max,
                Callback<void(Result<WholeFile>)> done) {
    std::make_shared<WholeRead>(std::move(file), bytes_max, std::move(done))->start();
}

}  // namespace quern::storage
