// BodyStore::carry_over: live bodies go from the WAL into the group's segments, payload by payload.
#include <algorithm>

#include "system/storage/body_store.h"

namespace quern::storage {

namespace {
// Read and handed to the disk at a time, at most.
constexpr uint64_t step_bytes = 1024 * 1024;
}  // namespace

class BodyStore::CarryOver : public std::enable_shared_from_this<CarryOver> {
public:
    CarryOver(BodyStore& store, GroupId group, std::vector<BodyRef> live,
              Callback<void(Result<void>)> done)
        : store_(store),
          group_(group),
          bodies_(store.of(group)),
          live_(std::move(live)),
          done_(std::move(done)) {
        std::sort(live_.begin(), live_.end());
    }

    void step() {
        while (next_ < live_.size() && bytes_ < step_bytes) {
            const BodyRef& body = live_[next_];
            if (body.size_bytes == 0 || bodies_.holds(body)) {
                ++next_;
                continue;
            }
            if (payload_index_ == body.index) {
                take_body(body);
                ++next_;
                continue;
            }
            if (const Buffer* held = store_.log_.payload_in_memory(group_, body.index)) {
                payload_ = *held;
                payload_index_ = body.index;
                continue;
            }
            store_.log_.payload(group_, body.index,
                                [self = shared_from_this()](Result<Buffer> payload) {
                                    self->on_payload(std::move(payload));
                                });
            return;
        }
        if (items_.empty()) return finish();
        bytes_ = 0;
        bodies_.append(
            std::exchange(items_, {}),
            [self = shared_from_this()](const Result<void>& done) { self->on_appended(done); });
    }

private:
    void on_payload(Result<Buffer> payload) {
        const LogIndex index = live_[next_].index;
        payload_index_ = index;
        if (payload) {
            payload_ = std::move(*payload);
        } else {
            payload_ = Buffer();
            note(index, payload.error().code);
        }
        step();
    }
    void take_body(const BodyRef& body) {
        if (body.offset_bytes > payload_.size() ||
            body.size_bytes > payload_.size() - body.offset_bytes) {
            note(body.index, ErrorCode::corrupt);
            return;
        }
        items_.push_back({body, payload_.slice(body.offset_bytes, body.size_bytes)});
        bytes_ += body.size_bytes;
    }
    void note(LogIndex index, ErrorCode code) {
        if (!error_) return;
        error_ = fail(code, "a live body of entry " + std::to_string(index.value) +
                                " could not be carried over");
    }
    void on_appended(const Result<void>& done) {
        if (!done) {
            error_ = done;
            return finish();
        }
        step();
    }
    void finish() {
        bodies_.sync([self = shared_from_this()](Result<void> synced) {
            Callback<void(Result<void>)> done = std::move(self->done_);
            done(self->error_ ? std::move(synced) : self->error_);
        });
    }

    BodyStore& store_;
    GroupId group_;
    GroupBodies& bodies_;
    std::vector<BodyRef> live_;
    size_t next_ = 0;
    LogIndex payload_index_;  // of payload_; 0: none
    Buffer payload_;
    std::vector<GroupBodies::Item> items_;
    uint64_t bytes_ = 0;
    Result<void> error_;
    Callback<void(Result<void>)> done_;
};

void BodyStore::carry_over(GroupId group, std::vector<BodyRef> live,
                           Callback<void(Result<void>)> done) {
    std::make_shared<CarryOver>(*this, group, std::move(live), std::move(done))->step();
}

}  // namespace quern::storage
