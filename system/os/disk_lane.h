// A disk thread and its jobs. A job is made on the loop, performed on the lane's thread and comes
// back to the loop, where it completes and is destroyed; Buffers inside it are therefore never
// copied or destroyed elsewhere. Private to this room.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "system/base/result.h"
#include "system/os/event_loop.h"

namespace quern::os {

class DiskJob {
public:
    virtual ~DiskJob() = default;
    // On the lane's thread. False: not finished, perform again after the jobs that wait now.
    virtual bool perform() = 0;
    // On the loop, once.
    virtual void complete() = 0;
};

// A job out of two functions: `work` (on the lane) gives the result that `after` (on the loop)
// gets.
template <typename T, typename Work, typename After>
class CallJob final : public DiskJob {
public:
    CallJob(Work work, After after) : work_(std::move(work)), after_(std::move(after)) {}
    bool perform() override {
        result_.emplace(work_());
        return true;
    }
    void complete() override { after_(std::move(*result_)); }

private:
    Work work_;
    After after_;
    std::optional<Result<T>> result_;
};

template <typename T, typename Work, typename After>
std::unique_ptr<DiskJob> make_job(Work work, After after) {
    return std::make_unique<CallJob<T, Work, After>>(std::move(work), std::move(after));
}

// Performs jobs in the order they were submitted. The thread starts with the first job.
class DiskLane {
public:
    DiskLane(EventLoop& loop, const char* name) : loop_(loop), name_(name) {}
    // Waits for the job that is being performed; those that wait are dropped without completing.
    ~DiskLane();
    DiskLane(const DiskLane&) = delete;
    DiskLane& operator=(const DiskLane&) = delete;

    // Loop thread only.
    void submit(std::unique_ptr<DiskJob> job);
    EventLoop& loop() { return loop_; }

private:
    void run();

    EventLoop& loop_;
    const char* name_;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<std::unique_ptr<DiskJob>> jobs_;  // guarded by mutex_
    bool stopping_ = false;                      // guarded by mutex_
    std::thread thread_;
};

}  // namespace quern::os
