// One-shot timers.
#pragma once

#include <cstdint>

#include "system/base/callback.h"
#include "system/base/strong.h"
#include "system/base/time.h"

namespace quern {

using TimerId = Strong<struct TimerIdTag>;

class Timers {
public:
    virtual ~Timers() = default;
    // Runs `expired` from the loop once the clock has reached `deadline` (never inside this call,
    // also when the deadline has passed). Equal deadlines run in the order they were started.
    virtual TimerId start(Instant deadline, Callback<void()> expired) = 0;
    // After this call the timer's callback does not run. Unknown, expired and zero ids are ignored.
    virtual void cancel(TimerId id) = 0;
};

// A timer with an owner: re-arming and destruction cancel what was pending, so the callback never
// outlives the object that holds this member.
class OwnedTimer {
public:
    explicit OwnedTimer(Timers& timers) : timers_(timers) {}
    ~OwnedTimer() { cancel(); }
    OwnedTimer(const OwnedTimer&) = delete;
    OwnedTimer& operator=(const OwnedTimer&) = delete;

    void start(Instant deadline, Callback<void()> expired) {
        cancel();
        deadline_ = deadline;
        id_ = timers_.start(deadline, [this, run = std::move(expired)]() mutable {
            id_ = TimerId{};
            Callback<void()> once = std::move(run);
            once();
        });
    }
    void cancel() {
        if (id_) timers_.cancel(id_);
        id_ = TimerId{};
    }
    bool pending() const { return static_cast<bool>(id_); }
    Instant deadline() const { return deadline_; }

private:
    Timers& timers_;
    TimerId id_;
    Instant deadline_;
};

}  // namespace quern
