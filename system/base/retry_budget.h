// Keeps retries from making an overload worse (faults.md section 6, point 7). Pure.
//
// The first retry of a call is free, and so are all while few calls are under way. Beyond that each
// costs one unit of a bucket that gains a tenth of a unit with every call begun (so retries add at most
// 10 % to a steady load), ten units a second (so that a cluster coming back is noticed), and one unit
// with every retried call that succeeds (so that a backlog then drains at the speed of the cluster).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "system/base/time.h"

namespace quern {

class RetryBudget {
public:
    static constexpr size_t calls_free_max = 16;
    static constexpr int64_t tenths_max = 1000;

    void call_begun() { gain(1); }
    void retried_call_succeeded() { gain(10); }
    // `retries` were made before this one. Takes what it costs; false: wait and ask again.
    bool take(size_t retries, size_t calls_under_way, Instant now) {
        if (retries == 0 || calls_under_way <= calls_free_max) return true;
        refill(now);
        if (tenths_ < 10) return false;
        tenths_ -= 10;
        return true;
    }

private:
    void gain(int64_t tenths) { tenths_ = std::min(tenths_max, tenths_ + tenths); }
    void refill(Instant now) {
        const int64_t due = (now - refilled_).to_milliseconds() / 10;  // a tenth every 10 ms
        if (due <= 0) return;
        gain(std::min(due, tenths_max));
        refilled_ = refilled_ + Duration::milliseconds(due * 10);
    }

    int64_t tenths_ = 100;
    Instant refilled_;
};

}  // namespace quern
