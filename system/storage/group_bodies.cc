#include "system/storage/group_bodies.h"

#include <algorithm>
#include <array>
#include <set>

#include "system/base/planted_bug.h"
#include "system/storage/bytes.h"

namespace quern::storage {

namespace {
}

GroupBodies::GroupBodies(Env& env, const BodySegmentId& id, uint64_t segment_bytes,
                         Listener& listener)
    : env_(env), id_(id), segment_bytes_(segment_bytes), listener_(listener) {}

void GroupBodies::add_recovered(uint64_t number, std::shared_ptr<File> file, uint64_t bytes,
                                const std::vector<BodyLine>& lines, bool damaged) {
    const auto n = static_cast<uint32_t>(number);
    next_number_ = std::max(next_number_, n + 1);
    damaged_ = damaged_ || damaged;
    Segment& segment = segments_[n];
    BodySegmentId id = id_;
    id.number = number;
    segment.file = std::move(file);
    segment.tag = body_tag(id);
    segment.bytes = bytes;
    segment.sealed = true;
    segment.dirty = true;  // a killed process may have left it in the page cache alone
    for (const BodyLine& line : lines) {
        const BodySlot slot{line.body.index.value, line.body.offset_bytes, line.body.size_bytes, n,
                            line.unit};
        if (index_.insert(slot)) segment.live_bytes += body_record_bytes(slot.size_bytes);
    }
}

void GroupBodies::finish_recovery() {
    folder_dirty_ = !segments_.empty();
    std::vector<uint32_t> numbers;
    for (const auto& [number, segment] : segments_)
        numbers.push_back(number);
    for (const uint32_t number : numbers)
        after_release(number);
}

bool GroupBodies::holds(const BodyRef& body) {
    return unwritten_.contains(body) || index_.find(body) != nullptr;
}

void GroupBodies::append(std::vector<Item> items, Callback<void(Result<void>)> written) {
    Job job;
    for (Item& item : items) {
        QUERN_ASSERT(item.bytes.size() == item.body.size_bytes);
        if (item.bytes.empty() || holds(item.body)) continue;
        unwritten_.emplace(item.body, item.bytes);
        job.items.push_back(std::move(item));
    }
    job.done = std::move(written);
    push(std::move(job));
}

void GroupBodies::sync(Callback<void(Result<void>)> done) {
    if (PLANTED(bodies_not_synced)) {
        env_.loop.post(guard_.wrap([done = std::move(done)]() mutable { done({}); }));
        return;
    }
    Job job;
    job.is_sync = true;
    job.done = std::move(done);
    push(std::move(job));
}

void GroupBodies::push(Job job) {
    for (const Item& item : job.items)
        job.bytes += body_record_bytes(item.body.size_bytes);
    jobs_.push_back(std::move(job));
    if (jobs_.size() == 1 && !busy_) {
        env_.loop.post(guard_.wrap([this] { run_next(); }));
    }
}

void GroupBodies::run_next() {
    if (busy_ || jobs_.empty()) return;
    busy_ = true;
    const Job& job = jobs_.front();
    if (job.is_sync) return sync_next();
    if (job.items.empty()) return finish_job({});
    if (current_ != 0 && (current_full(job.bytes) || seal_early())) return seal_current();
    if (current_ == 0) return open_segment();
    write_job();
}

bool GroupBodies::seal_early() const {
    return segments_.at(current_).bytes > body_header_bytes &&
           env_.faults.fire(FaultPoint::flush_early);
}

bool GroupBodies::current_full(uint64_t bytes) const {
    const Segment& current = segments_.at(current_);
    return current.bytes > body_header_bytes && current.bytes + bytes > segment_bytes_;
}

void GroupBodies::seal_current() {
    Segment& current = segments_.at(current_);
    Buffer footer = encode_body_footer(current.tag, current.bytes, current.lines);
    const uint64_t size = footer.size();
    current.file->write_at(current.bytes, std::move(footer),
                           guard_.wrap([this, size, held = current.file](Result<void> done) {
                               if (!done) return give_up(done.error());
                               if (current_ == 0) return open_segment();  // dropped meanwhile
                               Segment& sealed = segments_.at(current_);
                               sealed.bytes += size;
                               sealed.sealed = true;
                               sealed.dirty = true;
                               sealed.lines = {};
                               const uint32_t number = std::exchange(current_, 0);
                               after_release(number);
                               open_segment();
                           }));
}

void GroupBodies::open_segment() {
    id_.number = next_number_++;
    env_.disk.open(
        body_path(id_.group, id_.number), OpenMode::create_or_open,
        guard_.wrap([this](Result<std::unique_ptr<File>> file) { on_opened(std::move(file)); }));
}

void GroupBodies::on_opened(Result<std::unique_ptr<File>> file) {
    if (!file) return give_up(file.error());
    current_ = static_cast<uint32_t>(id_.number);
    Segment& segment = segments_[current_];
    segment.file = std::move(*file);
    segment.tag = body_tag(id_);
    folder_dirty_ = true;
    write_job();
}

void GroupBodies::write_job() {
    const Job& job = jobs_.front();
    Segment& current = segments_.at(current_);
    BufferChain chain;
    if (current.bytes == 0) chain.append(encode_body_header(id_));
    std::vector<uint32_t> units;
    for (const Item& item : job.items) {
        units.push_back(static_cast<uint32_t>((current.bytes + chain.size()) / body_align_bytes));
        chain.append(encode_body_record_header(current.tag, item.body, item.bytes.span()));
        chain.append(item.bytes);
        chain.append(Buffer::zeros(round_up(item.bytes.size(), body_align_bytes) - item.bytes.size()));
    }
    const uint64_t size = chain.size();
    current.file->write_at(current.bytes, std::move(chain),
                           guard_.wrap([this, units = std::move(units), size,
                                        held = current.file](Result<void> done) {
                               on_written(units, size, std::move(done));
                           }));
}

void GroupBodies::on_written(const std::vector<uint32_t>& units, uint64_t bytes,
                             Result<void> done) {
    if (!done) return give_up(done.error());
    const Job& job = jobs_.front();
    if (current_ != 0) {
        Segment& current = segments_.at(current_);
        current.bytes += bytes;
        current.dirty = true;
        for (size_t i = 0; i < units.size(); ++i) {
            current.lines.push_back({job.items[i].body, units[i]});
            settle_item(job, job.items[i], units[i]);
        }
    }
    finish_job({});
}

// What was dropped while its write was under way is garbage from the start.
void GroupBodies::settle_item(const Job& job, const Item& item, uint32_t unit) {
    const BodyRef& body = item.body;
    BodySlot slot{body.index.value, body.offset_bytes, body.size_bytes, current_, unit};
    if (job.moved_from != 0) {
        BodySlot* old = index_.find(body);
        if (old == nullptr || old->segment != job.moved_from) return;
        release(*old);
        *old = slot;
    } else {
        if (unwritten_.erase(body) == 0 || !index_.insert(slot)) return;
        missing_.erase(body);
    }
    segments_.at(current_).live_bytes += body_record_bytes(body.size_bytes);
}

void GroupBodies::sync_next() {
    for (auto& [number, segment] : segments_) {
        if (!segment.dirty) continue;
        segment.dirty = false;
        // The segment may be removed meanwhile; its file is held, or the completion would be lost.
        segment.file->sync(guard_.wrap(
            [this, held = segment.file](Result<void> done) { on_synced(std::move(done)); }));
        return;
    }
    if (!folder_dirty_) return finish_job({});
    folder_dirty_ = false;
    env_.disk.sync_directory(body_folder, guard_.wrap([this](Result<void> done) {
        if (!done) return give_up(done.error());
        finish_job({});
    }));
}

void GroupBodies::on_synced(Result<void> done) {
    if (!done) return give_up(done.error());
    sync_next();
}

// A full disk is survived: the bodies of this job are not stored. Everything else is final.
void GroupBodies::give_up(Error error) {
    const Job& job = jobs_.front();
    for (const Item& item : job.items) {
        if (job.moved_from == 0) unwritten_.erase(item.body);
    }
    if (error.code != ErrorCode::no_space || job.is_sync) {
        error = Error(ErrorCode::io_failed, "storing bodies failed: " + error.detail);
        listener_.on_bodies_failed(error);
    }
    finish_job(fail(std::move(error)));
}

void GroupBodies::finish_job(Result<void> result) {
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    busy_ = false;
    retire_current();
    if (!jobs_.empty()) env_.loop.post(guard_.wrap([this] { run_next(); }));
    if (job.done) job.done(std::move(result));  // last: it may destroy this object
}

void GroupBodies::read(const BodyRef& body, Callback<void(Result<Buffer>)> done) {
    Result<Buffer> at_once;
    if (const auto it = unwritten_.find(body); it != unwritten_.end()) {
        at_once = it->second;
    } else if (const BodySlot* slot = index_.find(body)) {
        const auto segment = segments_.find(slot->segment);
        QUERN_ASSERT(segment != segments_.end());
        const auto file = segment->second.file;
        const uint32_t tag = segment->second.tag;
        file->read_at(
            slot->unit * body_align_bytes, body_record_header_bytes + body.size_bytes,
            guard_.wrap([this, file, tag, body, done = std::move(done)](Result<Buffer> r) mutable {
                auto bytes = r ? decode_body_record(*r, tag, body) : std::nullopt;
                if (bytes) return done(std::move(*bytes));
                forget_damaged(body, tag);
                done(fail(ErrorCode::corrupt, "a stored body fails its checksum"));
            }));
        return;
    } else if (body.size_bytes > 0) {
        const bool missed = damaged_ || missing_.contains(body);
        at_once = fail(missed ? ErrorCode::corrupt : ErrorCode::not_found, "no such stored body");
    }
    env_.loop.post(guard_.wrap([at_once = std::move(at_once), done = std::move(done)]() mutable {
        done(std::move(at_once));
    }));
}

// Makes room for a good copy from a peer; until it comes the body reads as corrupt.
void GroupBodies::forget_damaged(const BodyRef& body, uint32_t tag) {
    const BodySlot* slot = index_.find(body);
    if (slot == nullptr || segments_.at(slot->segment).tag != tag) return;  // moved meanwhile
    drop(body);
    missing_.insert(body);
}

void GroupBodies::drop(const BodyRef& body) {
    unwritten_.erase(body);
    missing_.erase(body);
    const BodySlot* slot = index_.find(body);
    if (slot == nullptr) return;
    const uint32_t number = slot->segment;
    release(*slot);
    index_.erase(body);
    after_release(number);
}

void GroupBodies::release(const BodySlot& slot) {
    const auto segment = segments_.find(slot.segment);
    QUERN_ASSERT_MSG(segment != segments_.end(), "a segment went while bodies in it lived");
    uint64_t& live = segment->second.live_bytes;
    const uint64_t bytes = body_record_bytes(slot.size_bytes);
    QUERN_ASSERT(live >= bytes);
    live -= bytes;
}

void GroupBodies::after_release(uint32_t number) {
    if (number == current_) return retire_current();
    const auto it = segments_.find(number);
    if (it == segments_.end() || number == rewriting_) return;
    const uint64_t worth = PLANTED(body_segment_freed_alive) ? it->second.bytes / 4 : 0;
    if (it->second.live_bytes <= worth) {
        env_.disk.remove(body_path(id_.group, number), [](const Result<void>&) {});
        segments_.erase(it);
    } else if (wants_rewrite()) {
        listener_.on_rewrite_wanted(id_.group);
    }
}

void GroupBodies::restart(const Uuid& incarnation) {
    drop_all();
    id_.incarnation = incarnation;
}

void GroupBodies::drop_all() {
    unwritten_.clear();
    index_.clear();
    current_ = 0;
    rewriting_ = 0;
    for (const auto& [number, segment] : segments_) {
        env_.disk.remove(body_path(id_.group, number), [](const Result<void>&) {});
    }
    segments_.clear();
    missing_.clear();
    damaged_ = false;
}

void GroupBodies::retain(const BodyRef& after, const BodyRef& through,
                         const std::vector<BodyRef>& live) {
    QUERN_ASSERT(std::is_sorted(live.begin(), live.end()));
    std::set<uint32_t> touched;
    index_.filter(after, through, [&](const BodySlot& slot) {
        if (std::binary_search(live.begin(), live.end(), slot.body())) return true;
        release(slot);
        touched.insert(slot.segment);
        return false;
    });
    for (const uint32_t number : touched)
        after_release(number);
    missing_.erase(missing_.upper_bound(after), missing_.upper_bound(through));
    for (const BodyRef& body : live) {
        const bool named = body.size_bytes > 0 && body > after && body <= through;
        if (named && !holds(body)) missing_.insert(body);
    }
    damaged_ = false;
}

uint64_t GroupBodies::file_bytes() const {
    uint64_t bytes = 0;
    for (const auto& [number, segment] : segments_)
        bytes += segment.bytes;
    return bytes;
}

uint64_t GroupBodies::live_bytes() const {
    uint64_t bytes = 0;
    for (const auto& [number, segment] : segments_)
        bytes += segment.live_bytes;
    return bytes;
}

}  // namespace quern::storage
