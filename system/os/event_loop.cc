#include "system/os/event_loop.h"

#include <asio/executor_work_guard.hpp>
#include <asio/post.hpp>
#include <chrono>

namespace quern::os {

namespace {
constexpr int rounds_max = 4;
}

EventLoop::EventLoop() : work_(asio::make_work_guard(context_)) {}

EventLoop::~EventLoop() = default;

void EventLoop::post(Callback<void()> task) {
    posted_.push_back(std::move(task));
    schedule();
}

void EventLoop::schedule() {
    if (posted_scheduled_) return;
    posted_scheduled_ = true;
    asio::post(context_, [this] { run_posted(); });
}

// Runs what is posted, and a few rounds of what that posts: a round saves a look at the sockets.
// Then sockets and timers get their share.
void EventLoop::run_posted() {
    QUERN_ASSERT(posted_running_.empty());
    for (int round = 0; round < rounds_max && !posted_.empty(); ++round) {
        posted_running_.swap(posted_);
        run_batch(posted_running_);
    }
    posted_scheduled_ = false;
    if (!posted_.empty()) schedule();
}

void EventLoop::post_from_any_thread(Callback<void()> task) {
    bool wake = false;
    {
        const std::lock_guard lock(mail_mutex_);
        wake = mail_.empty();
        mail_.push_back(std::move(task));
    }
    if (wake) asio::post(context_, [this] { run_mail(); });
}

void EventLoop::run_mail() {
    QUERN_ASSERT(mail_running_.empty());
    {
        const std::lock_guard lock(mail_mutex_);
        mail_running_.swap(mail_);
    }
    run_batch(mail_running_);
}

void EventLoop::run_batch(std::vector<Callback<void()>>& batch) {
    for (Callback<void()>& task : batch) {
        Callback<void()> once = std::move(task);
        once();
    }
    batch.clear();
}

void EventLoop::run() {
    QUERN_ASSERT(!running_);
    running_ = true;
    context_.restart();
    // A stop before this line is seen here, a later one by the context.
    if (!stop_wanted_.load()) context_.run();
    stop_wanted_.store(false);
    running_ = false;
}

bool EventLoop::run_until(Callback<bool()> done, Instant deadline) {
    QUERN_ASSERT(!running_);
    running_ = true;
    const std::chrono::steady_clock::time_point end{std::chrono::nanoseconds(deadline.ns)};
    bool reached = done();
    while (!reached && !stop_wanted_.load() && std::chrono::steady_clock::now() < end) {
        context_.restart();
        context_.run_one_until(end);
        reached = done();
    }
    stop_wanted_.store(false);
    running_ = false;
    return reached;
}

void EventLoop::discard() {
    const std::vector<Callback<void()>> posted = std::move(posted_);
    std::vector<Callback<void()>> mail;
    const std::lock_guard lock(mail_mutex_);
    mail.swap(mail_);
}

void EventLoop::stop() {
    stop_wanted_.store(true);
    context_.stop();
}

}  // namespace quern::os
