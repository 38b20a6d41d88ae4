// Calls at a fixed rate, whatever becomes of them (an open loop): the clients take turns to send one message to a
// queue and to receive a few, which they delete. For phases of a run that are to be compared.
#pragma once

#include <vector>

#include "harness/work_client.h"

namespace quern::harness {

class SteadyLoad {
public:
    struct Options {
        uint64_t queue = 0;            // its number; it must be there
        Duration interval;             // from one call to the next, deletions not counted
        uint32_t body_bytes = 64;
        uint32_t first_ordinal = 0;    // of what it asks; no other call of these clients has it or a later one
        int64_t visibility_ms = 5'000;
        bool sends_only = false;
    };
    // All must outlive this object. There is at least one client.
    SteadyLoad(Scene& scene, std::vector<WorkClient*> clients, Options options);
    ~SteadyLoad();
    SteadyLoad(const SteadyLoad&) = delete;
    SteadyLoad& operator=(const SteadyLoad&) = delete;

    void start();
    // No call begins any more but deletions of what is still received.
    void stop();
    // Calls not answered yet.
    size_t under_way() const { return under_way_; }
    // Sends that were accepted, all or those asked since the latest mark().
    uint64_t sent() const { return sent_; }
    uint64_t sent_since_mark() const { return sent_since_mark_; }
    void mark();
    // Sends that were refused, or in doubt.
    uint64_t refused() const { return refused_; }

private:
    void schedule();
    void act();
    void send(WorkClient& client);
    void receive(WorkClient& client);
    void remove(WorkClient& client, const Operation& received);
    void ask(WorkClient& client, PlannedOperation planned, WorkClient::Done done);

    Scene& scene_;
    std::vector<WorkClient*> clients_;
    Options options_;
    uint32_t calls_ = 0;    // ticks
    uint32_t ordinals_ = 0; // given
    int64_t next_ns_ = 0;
    uint64_t timer_ = 0;
    size_t under_way_ = 0;
    uint64_t sent_ = 0;
    uint64_t refused_ = 0;
    uint64_t sent_since_mark_ = 0;
    int64_t mark_ns_ = 0;
};

}  // namespace quern::harness
