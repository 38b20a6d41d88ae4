// BodyStore::recover: rebuilds the index of bodies from footers, or from whole segments.
#include "system/storage/body_store.h"
#include "system/storage/file_read.h"
#include "system/storage/file_remove.h"

namespace quern::storage {

class BodyStore::Recovery : public std::enable_shared_from_this<Recovery> {
public:
    Recovery(BodyStore& store, Callback<void(Result<void>)> done)
        : store_(store), done_(std::move(done)) {}

    void start() {
        store_.env_.disk.list(
            body_folder,
            store_.guard_.wrap([self = shared_from_this()](Result<std::vector<std::string>> names) {
                if (!names) return self->finish(fail(names.error()));
                self->names_ = std::move(*names);
                self->next_file();
            }));
    }

private:
    void next_file() {
        for (; next_ < names_.size(); ++next_) {
            GroupId group;
            uint64_t number = 0;
            if (!parse_body_name(names_[next_], group, number)) continue;
            const auto log = store_.groups_.find(group);
            if (log == store_.groups_.end()) {
                unused_.push_back(path());
                continue;
            }
            id_ = {store_.node_uuid_, log->second.incarnation, group, number};
            store_.env_.disk.open(
                path(), OpenMode::existing,
                store_.guard_.wrap([self = shared_from_this()](Result<std::unique_ptr<File>> file) {
                    self->on_opened(std::move(file));
                }));
            return;
        }
        remove_files(store_.env_.disk, std::move(unused_),
                     store_.guard_.wrap([self = shared_from_this()](Result<void> removed) {
                         self->on_removed(std::move(removed));
                     }));
    }
    void on_removed(Result<void> removed) {
        if (removed) {
            for (auto& [group, bodies] : store_.bodies_)
                bodies->finish_recovery();
        }
        finish(std::move(removed));
    }
    std::string path() const { return std::string(body_folder) + "/" + names_[next_]; }
    void on_opened(Result<std::unique_ptr<File>> file) {
        if (!file) return finish(fail(file.error()));
        file_ = std::move(*file);
        file_->size([self = shared_from_this()](const Result<uint64_t>& size) {
            if (!size) return self->finish(fail(size.error()));
            self->size_ = *size;
            self->read_trailer();
        });
    }
    // The file's header is for people and tools: every record and the trailer carry the same
    // identity, so a damaged header costs nothing and another incarnation's records are none.
    void read_trailer() {
        if (size_ < body_header_bytes + body_trailer_bytes) return scan();
        file_->read_at(size_ - body_trailer_bytes, body_trailer_bytes,
                       [self = shared_from_this()](Result<Buffer> trailer) {
                           self->on_trailer(std::move(trailer));
                       });
    }
    void on_trailer(const Result<Buffer>& trailer) {
        std::optional<BodyFooterPlace> place;
        if (trailer) place = decode_body_trailer(trailer->span(), body_tag(id_), size_);
        if (!place) return scan();
        file_->read_at(place->offset_bytes, size_ - place->offset_bytes,
                       [self = shared_from_this()](const Result<Buffer>& footer) {
                           std::optional<std::vector<BodyLine>> lines;
                           if (footer)
                               lines = decode_body_footer(footer->span(), body_tag(self->id_));
                           if (!lines) return self->scan();
                           self->add(*lines, false);
                       });
    }
    void scan() {
        read_whole(file_, size_, [self = shared_from_this()](Result<WholeFile> file) {
            if (!file) return self->finish(fail(file.error()));
            const BodyScan found = scan_body_segment(file->bytes.span(), body_tag(self->id_));
            self->add(found.lines, found.damaged);
        });
    }
    void add(const std::vector<BodyLine>& lines, bool damaged) {
        if (lines.empty() && !damaged) {
            unused_.push_back(path());
        } else {
            store_.of(id_.group).add_recovered(id_.number, file_, size_, lines, damaged);
        }
        file_.reset();
        ++next_;
        next_file();
    }
    void finish(Result<void> result) {
        Callback<void(Result<void>)> done = std::move(done_);
        done(std::move(result));
    }

    BodyStore& store_;
    Callback<void(Result<void>)> done_;
    std::vector<std::string> names_;
    size_t next_ = 0;
    std::vector<std::string> unused_;
    BodySegmentId id_;
    std::shared_ptr<File> file_;
    uint64_t size_ = 0;
};

void BodyStore::recover(Callback<void(Result<void>)> done) {
    std::make_shared<Recovery>(*this, std::move(done))->start();
}

}  // namespace quern::storage
