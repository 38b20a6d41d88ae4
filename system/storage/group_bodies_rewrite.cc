// GroupBodies: giving back the room of segments that are mostly dead. One segment is in memory at a
// time (the store runs one rewrite at a time), and it is copied in steps.
#include <algorithm>

#include "system/storage/file_read.h"
#include "system/storage/group_bodies.h"

namespace quern::storage {

namespace {
constexpr uint64_t step_bytes_max = 1024 * 1024;
}

struct GroupBodies::Rewrite {
    uint32_t number = 0;
    Buffer bytes;
    uint32_t tag = 0;
    std::vector<BodyLine> lines;
    size_t next = 0;
    Callback<void()> done;
};

std::optional<uint32_t> GroupBodies::rewrite_candidate() const {
    std::optional<uint32_t> best;
    uint64_t best_live = 0;
    for (const auto& [number, segment] : segments_) {
        if (!segment.sealed || segment.unfit || number == current_) continue;
        if (segment.live_bytes * 2 >= segment.bytes) continue;
        if (!best || segment.live_bytes < best_live) {
            best = number;
            best_live = segment.live_bytes;
        }
    }
    return best;
}

// Without this the segment being filled would keep its dead until it is full. It gets no footer: it
// is rewritten or removed soon.
void GroupBodies::retire_current() {
    if (busy_ || current_ == 0) return;
    Segment& current = segments_.at(current_);
    const bool large = current.bytes >= segment_bytes_ / 8;
    if (current.live_bytes > 0 && !(large && current.live_bytes * 2 < current.bytes)) return;
    if (current.bytes == 0) return;
    current.sealed = true;
    current.lines = {};
    after_release(std::exchange(current_, 0));
}

bool GroupBodies::wants_rewrite() const {
    return rewriting_ == 0 && rewrite_candidate().has_value();
}

void GroupBodies::rewrite(Callback<void()> done) {
    const auto candidate = rewrite_candidate();
    if (!candidate || rewriting_ != 0) {
        env_.loop.post(std::move(done));
        return;
    }
    rewriting_ = *candidate;
    auto rewrite = std::make_shared<Rewrite>();
    rewrite->number = *candidate;
    rewrite->tag = segments_.at(*candidate).tag;
    rewrite->done = std::move(done);
    read_whole(segments_.at(*candidate).file, segments_.at(*candidate).bytes,
               guard_.wrap([this, rewrite](Result<WholeFile> file) {
                   rewrite_read(rewrite, std::move(file));
               }));
}

void GroupBodies::rewrite_read(const std::shared_ptr<Rewrite>& rewrite, Result<WholeFile> file) {
    if (!file) return rewrite_end(rewrite, fail(file.error()));
    rewrite->bytes = std::move(file->bytes);
    rewrite->lines = scan_body_segment(rewrite->bytes.span(), rewrite->tag).lines;
    rewrite_step(rewrite);
}

void GroupBodies::rewrite_step(const std::shared_ptr<Rewrite>& rewrite) {
    Job job;
    job.moved_from = rewrite->number;
    uint64_t bytes = 0;
    const uint64_t step_bytes = std::min(step_bytes_max, segment_bytes_);
    while (rewrite->next < rewrite->lines.size() && bytes < step_bytes) {
        const BodyLine& line = rewrite->lines[rewrite->next++];
        const BodySlot* slot = index_.find(line.body);
        if (slot == nullptr || slot->segment != rewrite->number || slot->unit != line.unit)
            continue;
        const uint64_t from = line.unit * body_align_bytes + body_record_header_bytes;
        job.items.push_back({line.body, rewrite->bytes.slice(from, line.body.size_bytes)});
        bytes += line.body.size_bytes;
    }
    if (job.items.empty()) {
        sync([this, rewrite](const Result<void>& synced) { rewrite_end(rewrite, synced); });
        return;
    }
    job.done = [this, rewrite](const Result<void>& written) {
        if (!written) return rewrite_end(rewrite, written);
        rewrite_step(rewrite);
    };
    push(std::move(job));
}

void GroupBodies::rewrite_end(const std::shared_ptr<Rewrite>& rewrite, const Result<void>& synced) {
    Callback<void()> done = std::move(rewrite->done);
    if (rewriting_ == rewrite->number) {
        rewriting_ = 0;
        // What is still alive there could not be read: its place must stay known as damaged. After
        // a failure for want of space it is tried again when more has died.
        const auto it = segments_.find(rewrite->number);
        if (synced && it != segments_.end() && it->second.live_bytes > 0) it->second.unfit = true;
        if (synced) after_release(rewrite->number);
        // What died meanwhile, and what else was worth it, was not announced.
        if (synced && wants_rewrite()) listener_.on_rewrite_wanted(id_.group);
    }
    done();
}

}  // namespace quern::storage
