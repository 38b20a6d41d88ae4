// Empties every queue after the faults: receives and deletes until a status shows nothing left, waiting
// for leases and delays to end.
#pragma once

#include "harness/work_client.h"

namespace quern::harness {

class Drain {
public:
    // Both must outlive this object.
    Drain(Scene& scene, WorkClient& client, int64_t queues);
    ~Drain();
    void start() { next_queue(); }
    bool done() const { return done_; }
    // Grows with every message removed and every queue found empty.
    uint64_t progress() const { return progress_; }
    // What is not empty yet, for a verdict.
    const std::string& state() const { return state_; }

private:
    void next_queue();
    void receive();
    void received(const Operation& op);
    void remove();
    void status();
    void again_later();

    Scene& scene_;
    WorkClient& client_;
    int64_t queues_;
    int64_t queue_ = -1;
    uint64_t progress_ = 0;
    bool done_ = false;
    std::string state_ = "not begun";
    uint64_t timer_ = 0;
};

}  // namespace quern::harness
