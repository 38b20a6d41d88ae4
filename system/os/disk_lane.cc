#include "system/os/disk_lane.h"

#include <pthread.h>
#include <signal.h>

namespace quern::os {

DiskLane::~DiskLane() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable()) thread_.join();
}

void DiskLane::submit(std::unique_ptr<DiskJob> job) {
    if (!thread_.joinable()) {
        // Signals are the loop's: the new thread inherits a mask that blocks them all.
        sigset_t all;
        sigset_t before;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        thread_ = std::thread([this] { run(); });
        pthread_setname_np(thread_.native_handle(), name_);
        pthread_sigmask(SIG_SETMASK, &before, nullptr);
    }
    bool idle = false;
    {
        const std::lock_guard lock(mutex_);
        idle = jobs_.empty();
        jobs_.push_back(std::move(job));
    }
    if (idle) wake_.notify_one();
}

void DiskLane::run() {
    std::unique_lock lock(mutex_);
    for (;;) {
        wake_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
        if (stopping_) {
            // The jobs that are left belong to the loop's thread, which waits in the destructor.
            return;
        }
        std::unique_ptr<DiskJob> job = std::move(jobs_.front());
        jobs_.pop_front();
        lock.unlock();
        if (job->perform()) {
            loop_.post_from_any_thread([done = std::move(job)] { done->complete(); });
        }
        lock.lock();
        if (job) jobs_.push_back(std::move(job));
    }
}

}  // namespace quern::os
