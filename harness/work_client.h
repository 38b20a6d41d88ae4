// One client of the workload: a machine of its own with the client library on it, and hands that call one
// operation after another. What its k-th operation is depends on (seed, client, k) and on the receipts
// it holds then, on nothing else.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "harness/concerns.h"
#include "harness/recorder.h"
#include "harness/run_plan.h"
#include "sim/world/world.h"
#include "system/client/client.h"

namespace quern::harness {

std::string queue_name(uint64_t number);
// The attributes that a queue is created with; the same for all clients, so that creating twice agrees.
QueueAttributes queue_attributes(const RunPlan& plan, uint64_t number);

class WorkClient {
public:
    struct Identity {
        uint32_t number = 1;
        std::string user;  // as operations name it
        std::string key_id;
        std::string secret;
        std::string subject;  // whose permissions this client grants and revokes; empty: nobody's
    };
    // All must outlive this object.
    WorkClient(sim::World& world, const RunPlan& plan, Recorder& recorder,
               const std::vector<Endpoint>& endpoints, Identity identity);
    ~WorkClient();

    // Hands begin to work, until stop(). Calls under way then end by themselves.
    void start();
    void stop();
    size_t calls_under_way() const { return under_way_; }

    // One operation outside the workload, e.g. of the drain.
    using Done = Callback<void(const Operation&)>;
    void perform(Operation operation, wire::Request request, Done done);
    sim::Machine& machine() { return machine_; }
    client::Client& library() { return *client_; }
    // What was received and not yet deleted by this call's answer, for the drain.
    const std::vector<wire::ReceiptBytes>& last_receipts() const { return last_receipts_; }

private:
    struct Held {
        std::string queue;
        wire::ReceiptBytes bytes{};
    };
    class Dice;

    void schedule(uint32_t hand);
    void act(uint32_t hand);
    OpKind choose(Dice& dice) const;
    bool fill(OpKind kind, Operation& op, wire::Request& request, Dice& dice);
    void fill_send(Operation& op, wire::Request& request, Dice& dice);
    void fill_receive(Operation& op, wire::Request& request, Dice& dice);
    bool fill_receipts(Operation& op, wire::Request& request, Dice& dice);
    void fill_access(Operation& op, wire::Request& request, Dice& dice);
    Held take_receipt(Dice& dice);
    Buffer content(uint32_t ordinal, size_t part, Dice& dice) const;
    void answered(size_t index, Result<wire::Response> response, Done done);

    sim::World& world_;
    const RunPlan& plan_;
    Recorder& recorder_;
    Identity identity_;
    sim::Machine& machine_;
    std::unique_ptr<client::Client> client_;
    std::vector<std::unique_ptr<OwnedTimer>> hands_;
    bool working_ = false;
    uint32_t next_ordinal_ = 0;
    size_t under_way_ = 0;
    std::deque<Held> held_;  // newest last
    std::deque<Held> used_;  // receipts that were used once
    std::vector<wire::ReceiptBytes> last_receipts_;
    std::vector<Buffer> contents_;  // of the send being built
};

}  // namespace quern::harness
