// Timers of one loop: a TimerHeap behind a single Asio timer. Private to this room (includes Asio).
#pragma once

#include "system/os/asio.h"

#include <asio/steady_timer.hpp>

#include "system/io/clock.h"
#include "system/os/event_loop.h"
#include "system/os/timer_heap.h"

namespace quern::os {

class LoopTimers final : public Timers {
public:
    LoopTimers(EventLoop& loop, const Clock& clock);
    TimerId start(Instant deadline, Callback<void()> expired) override;
    void cancel(TimerId id) override;

private:
    void arm();
    void on_wake(const asio::error_code& error);
    void run_due();

    const Clock& clock_;
    TimerHeap heap_;
    asio::steady_timer alarm_;
    // When the alarm will ring; never() if it is off. It may ring too early (after a cancel), never
    // too late.
    Instant armed_ = Instant::never();
};

}  // namespace quern::os
