// One client of the workload: a place of its own with the client library on it, and hands that call one
// operation after another. What its k-th operation is depends on (seed, client, k) and on the receipts
// it holds then, on nothing else. If the plan lists its operations, the client does those at their times.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <vector>

#include "harness/concerns.h"
#include "harness/recorder.h"
#include "harness/run_plan.h"
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
    WorkClient(Scene& scene, const RunPlan& plan, Recorder& recorder,
               const std::vector<Endpoint>& endpoints, Identity identity);
    ~WorkClient();

    // Hands begin to work, until stop(). Calls under way then end by themselves.
    void start();
    void stop();
    // What the hands do from now on is told there, with its time since start(). Null: it is not.
    using Written = Callback<void(const PlannedOperation&)>;
    void write_down(Written* written) { written_ = written; }
    size_t calls_under_way() const { return under_way_; }

    // One operation outside the workload, e.g. of the drain.
    using Done = Callback<void(const Operation&)>;
    void perform(Operation operation, wire::Request request, Done done);
    // As perform(), of what is planned; false: no receipt of it is there, and `done` will not run.
    bool ask(const PlannedOperation& planned, Done done);
    // One of the administrator's: its permissions stay.
    bool of_administrator() const { return identity_.user.empty(); }
    uint32_t number() const { return identity_.number; }
    client::Client& library() { return *client_; }
    // What was received and not yet deleted by this call's answer, for the drain.
    const std::vector<wire::ReceiptBytes>& last_receipts() const { return last_receipts_; }

private:
    using ReceiptName = std::pair<uint32_t, uint32_t>;  // ordinal of the receive, part
    struct Held {
        std::string queue;
        wire::ReceiptBytes bytes{};
        ReceiptName name;
    };
    class Dice;

    void schedule(uint32_t hand);
    void act(uint32_t hand);
    void schedule_planned();
    void act_planned(const PlannedOperation& planned);

    // Draws: the next operation; false if there is nothing to ask now.
    bool draw_operation(PlannedOperation& planned);
    OpKind choose(Dice& dice) const;
    bool draw_arguments(PlannedOperation& planned, Dice& dice);
    void draw_bodies(PlannedOperation& planned, Dice& dice) const;
    uint32_t draw_size(Dice& dice) const;
    void draw_receive(PlannedOperation& planned, Dice& dice) const;
    bool draw_receipts(PlannedOperation& planned, Dice& dice);
    Held take_receipt(Dice& dice);

    // From a planned operation to the call; false if no receipt of it is there.
    bool build(const PlannedOperation& planned, Operation& op, wire::Request& request);
    void build_send(const PlannedOperation& planned, Operation& op, wire::Request& request);
    bool build_receipts(const PlannedOperation& planned, Operation& op, wire::Request& request);
    void build_access(Operation& op, wire::Request& request);
    Buffer content(uint32_t ordinal, size_t part, size_t size) const;
    void answered(size_t index, Result<wire::Response> response, Done done);

    Scene& scene_;
    const RunPlan& plan_;
    Recorder& recorder_;
    Identity identity_;
    Env& env_;
    std::unique_ptr<client::Client> client_;
    std::vector<std::unique_ptr<OwnedTimer>> hands_;
    std::vector<uint64_t> planned_;
    Written* written_ = nullptr;
    int64_t began_ns_ = 0;
    bool working_ = false;
    uint32_t next_ordinal_ = 0;
    size_t under_way_ = 0;
    std::deque<Held> held_;  // newest last
    std::deque<Held> used_;  // receipts that were used once
    std::map<ReceiptName, Held> received_;  // all of them
    std::vector<wire::ReceiptBytes> last_receipts_;
    std::vector<Buffer> contents_;  // of the send being built
};

}  // namespace quern::harness
