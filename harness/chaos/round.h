// One round against real nodes, as harness/run.h does it in the simulator: they come up, clients work
// while faults strike, everything heals, what was asked must be answered, the queues are drained, the
// history is judged. Then the nodes are stopped and their logs judged: against each other, the model and the
// answers (harness/stopped/log_judge.h: R3, R4, R9). Other things that only the inside of a node shows are not
// judged, but that no node may end by itself (R10).
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "harness/chaos/fault_player.h"
#include "harness/chaos/namespace_hosts.h"
#include "harness/chaos/small_disk.h"
#include "harness/checkers.h"
#include "harness/drain.h"
#include "harness/run_plan.h"
#include "harness/stopped/log_judge.h"
#include "harness/work_client.h"

namespace quern::harness::chaos {

struct RoundOptions {
    RunPlan plan;  // with its faults
    bool namespaces = false;  // hosts of their own
    NetworkTools network;
    SmallDiskKind small_disk = SmallDiskKind::loop;
    std::string disk_program;  // quern-chaos-disk
    std::string folder;  // of this round; everything it writes lies there
    NodeProcesses::Options nodes;
};

struct RoundResult {
    uint64_t seed = 0;
    std::vector<Violation> violations;
    uint64_t violation_count = 0;
    std::array<std::array<uint64_t, op_outcome_count>, op_kind_count> operations{};
    std::array<uint64_t, trouble_count> faults{};  // that struck
    LogFindings logs;
    std::vector<std::string> problems;  // of the test itself: a fault that could not be made
    int64_t took_ms = 0;
    bool interrupted = false;

    bool good() const { return violation_count == 0 && problems.empty(); }
    uint64_t operation_count() const;
    uint64_t outcome_count(OpOutcome outcome) const;
};

class Round {
public:
    // Both must outlive this object.
    Round(os::OsEnv& os, const RoundOptions& options);
    ~Round();
    RoundResult execute();
    // Ends it soon, without a verdict.
    void interrupt() { scene_.interrupt(); }

private:
    bool set_up();
    Result<void> make_disks();
    bool come_up();
    bool make_user();
    void add_clients();
    void chaos();
    void settle();
    void drain();
    void judge();
    void write_down();
    void check_freed_disk();
    // False: they did not all end.
    bool stop_nodes();
    void judge_stopped_logs();

    WorkClient& add_client(WorkClient::Identity identity);
    // Asks again until it is done; false if that takes too long.
    bool ask_until_done(OpKind kind, const std::string& queue, const QueueAttributes& attributes,
                        const wire::Operation& operation);
    void node_ended(uint32_t node, const std::string& how);
    void found(const char* invariant, std::string text);
    void problem(std::string text);
    CheckOptions check_options() const;
    RoundResult result() const;

    const RoundOptions& options_;
    RunPlan plan_;  // with the operations as they were asked
    ClusterFiles files_;
    RealScene scene_;
    Recorder recorder_;
    Verdict verdict_;
    LogFindings log_findings_;
    std::vector<std::string> problems_;
    std::unique_ptr<Hosts> hosts_;
    Disks disks_;
    std::unique_ptr<NodeProcesses> nodes_;
    std::unique_ptr<FaultPlayer> faults_;
    std::vector<std::unique_ptr<WorkClient>> clients_;
    std::unique_ptr<Drain> drain_;
    WorkClient::Written written_;
    std::string worker_key_;
    std::string worker_secret_;
};

}  // namespace quern::harness::chaos
