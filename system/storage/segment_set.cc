#include "system/storage/segment_set.h"

#include <algorithm>
#include <cstdio>

#include "system/base/planted_bug.h"

namespace quern::storage {

namespace {
constexpr Duration retry_interval = Duration::milliseconds(500);
}

std::string segment_path(uint64_t number) {
    char name[40];
    std::snprintf(name, sizeof name, "wal/%010llu.seg", static_cast<unsigned long long>(number));
    return name;
}

std::string segment_new_path(uint64_t number) {
    std::string path = segment_path(number);
    return path.replace(path.size() - 4, 4, ".new");
}

uint64_t segment_number(const std::string& name, const std::string& ending) {
    constexpr size_t digits = 10;
    if (name.size() != digits + ending.size() || !name.ends_with(ending)) return 0;
    uint64_t number = 0;
    for (size_t i = 0; i < digits; ++i) {
        if (name[i] < '0' || name[i] > '9') return 0;
        number = number * 10 + static_cast<uint64_t>(name[i] - '0');
    }
    return number <= 0x7fffffff ? number : 0;
}

SegmentSet::SegmentSet(Env& env, uint64_t segment_bytes, uint32_t reserve_segments,
                       Listener& listener)
    : env_(env),
      segment_bytes_(segment_bytes),
      reserve_segments_(std::max<uint32_t>(reserve_segments, 1)),
      listener_(listener),
      retry_(env.timers) {}

void SegmentSet::add_used(Segment segment) {
    QUERN_ASSERT(used_.empty() || segment.number > used_.back().number);
    highest_number_ = std::max(highest_number_, segment.number);
    used_.push_back(std::move(segment));
}

void SegmentSet::add_spare(Segment segment) {
    highest_number_ = std::max(highest_number_, segment.number);
    spares_.push_back(std::move(segment));
}

void SegmentSet::fill_reserve() {
    if (!making_ && !retry_.pending() && spares_.size() < reserve_segments_) make_spare();
}

void SegmentSet::make_spare() {
    making_ = true;
    in_making_ = Segment{++highest_number_, nullptr, segment_bytes_};
    env_.disk.open(
        segment_new_path(in_making_.number), OpenMode::create_or_open,
        guard_.wrap([this](Result<std::unique_ptr<File>> file) { on_opened(std::move(file)); }));
}

void SegmentSet::on_opened(Result<std::unique_ptr<File>> file) {
    if (!file) return give_up(file.error());
    in_making_.file = std::move(*file);
    in_making_.file->allocate(segment_bytes_,
                              guard_.wrap([this](Result<void> done) { on_allocated(done); }));
}

void SegmentSet::on_allocated(Result<void> done) {
    if (!done) return give_up(done.error());
    in_making_.file->sync(guard_.wrap([this](Result<void> synced) { on_synced(synced); }));
}

void SegmentSet::on_synced(Result<void> done) {
    if (!done) return give_up(done.error());
    env_.disk.rename(segment_new_path(in_making_.number), segment_path(in_making_.number),
                     guard_.wrap([this](Result<void> renamed) { on_renamed(renamed); }));
}

void SegmentSet::on_renamed(Result<void> done) {
    if (!done) return give_up(done.error());
    env_.disk.sync_directory(
        wal_folder, guard_.wrap([this](Result<void> synced) { on_folder_synced(synced); }));
}

void SegmentSet::on_folder_synced(Result<void> done) {
    if (!done) return give_up(done.error());
    making_ = false;
    short_of_space_ = false;
    spares_.push_back(std::move(in_making_));
    fill_reserve();
    listener_.on_spare({});
}

void SegmentSet::give_up(Error error) {
    making_ = false;
    if (PLANTED(full_disk_is_failure)) error.code = ErrorCode::io_failed;
    if (error.code == ErrorCode::no_space) {
        short_of_space_ = true;
        // Give back what was allocated so far.
        in_making_.file.reset();
        env_.disk.remove(segment_new_path(in_making_.number), [](const Result<void>&) {});
        retry_.start(env_.clock.now() + retry_interval, [this] { fill_reserve(); });
    }
    listener_.on_spare(fail(std::move(error)));
}

void SegmentSet::promote_spare(uint64_t bytes) {
    QUERN_ASSERT(!spares_.empty());
    spares_.front().bytes = bytes;
    add_used(std::move(spares_.front()));
    spares_.pop_front();
    fill_reserve();
}

std::shared_ptr<File> SegmentSet::file_of(uint64_t number) const {
    const auto at =
        std::lower_bound(used_.begin(), used_.end(), number,
                         [](const Segment& s, uint64_t wanted) { return s.number < wanted; });
    return at != used_.end() && at->number == number ? at->file : nullptr;
}

void SegmentSet::remove_below(uint64_t number) {
    while (used_.size() > 1 && used_.front().number < number) {
        doomed_.push_back(segment_path(used_.front().number));
        used_.pop_front();
    }
    if (!removing_) remove_next();
}

void SegmentSet::remove_next() {
    removing_ = !doomed_.empty();
    if (!removing_) return;
    env_.disk.sync_directory(
        wal_folder, guard_.wrap([this](Result<void> done) { on_removals_durable(std::move(done)); }));
}

void SegmentSet::on_removals_durable(Result<void> done) {
    if (!done) {
        removing_ = false;
        return listener_.on_spare(std::move(done));
    }
    const std::string path = std::move(doomed_.front());
    doomed_.pop_front();
    env_.disk.remove(path, guard_.wrap([this](const Result<void>&) { remove_next(); }));
}

uint64_t SegmentSet::used_bytes() const {
    uint64_t bytes = 0;
    for (const Segment& s : used_)
        bytes += s.bytes;
    return bytes;
}

}  // namespace quern::storage
