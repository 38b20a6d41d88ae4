#include "system/os/timers.h"

#include <algorithm>
#include <chrono>

namespace quern::os {

LoopTimers::LoopTimers(EventLoop& loop, const Clock& clock)
    : clock_(clock), alarm_(loop.context()) {}

TimerId LoopTimers::start(Instant deadline, Callback<void()> expired) {
    const TimerId id = heap_.start(deadline, std::move(expired));
    if (heap_.earliest() < armed_) arm();
    return id;
}

void LoopTimers::cancel(TimerId id) {
    // Named, so that the captures die after the heap is in order: they may start or cancel timers.
    const Callback<void()> cancelled = heap_.cancel(id);
}

void LoopTimers::arm() {
    armed_ = heap_.earliest();
    if (armed_ == Instant::never()) return;
    alarm_.expires_at(std::chrono::steady_clock::time_point(std::chrono::nanoseconds(armed_.ns)));
    alarm_.async_wait([this](const asio::error_code& error) { on_wake(error); });
}

void LoopTimers::on_wake(const asio::error_code& error) {
    if (error == asio::error::operation_aborted) return;  // armed anew for an earlier deadline
    armed_ = Instant::never();
    run_due();
    if (heap_.earliest() < armed_) arm();
}

// Runs what was due and started before this turn; a callback that starts a timer in the past must
// not keep the loop from its sockets.
void LoopTimers::run_due() {
    const Instant now = clock_.now();
    const uint64_t mark = heap_.mark();
    while (heap_.earliest() <= now && !heap_.empty() && heap_.first_is_older_than(mark)) {
        Callback<void()> expired = heap_.pop();
        expired();
    }
}

}  // namespace quern::os
