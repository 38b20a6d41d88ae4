// The loop of one node: an Asio io_context run by one thread, with a queue of posted tasks and a
// mailbox for tasks from other threads. Private to this room (includes Asio).
#pragma once

#include <atomic>
#include <mutex>
#include <vector>

#include "system/base/time.h"
#include "system/io/loop.h"
#include "system/os/asio.h"

namespace quern::os {

class EventLoop final : public Loop {
public:
    EventLoop();
    ~EventLoop() override;
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;

    void post(Callback<void()> task) override;
    // As post(), from any thread; tasks of one thread keep their order. Several tasks that arrive
    // between two turns of the loop cost one wake-up.
    void post_from_any_thread(Callback<void()> task);

    // Runs callbacks until stop(); may be called again afterwards.
    void run();
    // Runs callbacks until `done()` holds (asked between callbacks), the monotonic clock has
    // reached `deadline`, or stop(); returns done().
    bool run_until(Callback<bool()> done, Instant deadline);
    // From any thread: run() or run_until() returns after the callback that runs now; if none runs,
    // the next one returns at once.
    void stop();
    // Drops what is posted without running it, while the other parts still stand.
    void discard();

    asio::io_context& context() { return context_; }

private:
    void schedule();
    void run_posted();
    void run_mail();
    static void run_batch(std::vector<Callback<void()>>& batch);

    asio::io_context context_{1};
    asio::executor_work_guard<asio::io_context::executor_type> work_;
    std::vector<Callback<void()>> posted_;
    std::vector<Callback<void()>> posted_running_;
    bool posted_scheduled_ = false;
    bool running_ = false;
    std::atomic<bool> stop_wanted_ = false;

    std::mutex mail_mutex_;
    std::vector<Callback<void()>> mail_;  // guarded by mail_mutex_
    std::vector<Callback<void()>> mail_running_;
};

}  // namespace quern::os
