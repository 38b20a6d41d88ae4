// The drills that are about room: on the disks and in memory (L7 to L9).
#include "harness/footprint.h"
#include "harness/liveness_rules.h"
#include "harness/run_drill.h"

namespace quern::harness {

namespace {

// L7, what a node may keep of what is no more: six segments of the log and those in use, spare or about to go; a
// group's two latest snapshots, mostly of answers to clients; a few segments of bodies.
constexpr uint64_t log_segments_max = 10;
constexpr uint64_t snapshot_bytes_max = 32 << 10;
constexpr uint64_t body_bytes_max = 256 << 10;
constexpr uint64_t memory_slack = 8 << 10;  // L8: pages of queues and messages
// Longer than the churn, and shorter than a drain waits: it may be that nobody can give it back.
constexpr int64_t old_lease_ms = 45'000;
constexpr uint64_t sends_enough = 3;

}  // namespace

// One call of the first client, which is repeated until it is ok.
bool RunDrill::ask(PlannedOperation planned) {
    struct Answer {
        bool came = false;
        bool ok = false;
    };
    for (int attempt = 0; attempt < 10 && run_.time_left(); ++attempt) {
        const auto answer = std::make_shared<Answer>();  // it may come when nobody waits for it any more
        planned.ordinal = ordinals_++;
        const bool asked = run_.clients_.front()->ask(planned, [answer](const Operation& op) {
            *answer = {true, op.ok() && (op.kind != OpKind::receive || !op.seen.empty())};
        });
        if (!asked) return false;
        run_.run_until([&] { return answer->came; }, Duration::seconds(40));
        if (answer->ok) return true;
        wait(Duration::milliseconds(200));
    }
    return false;
}

// A message that somebody received long ago, and has not deleted yet.
bool RunDrill::hold_one() {
    PlannedOperation send;
    send.queue = other();
    send.bodies.push_back({64, 0});
    PlannedOperation receive;
    receive.kind = OpKind::receive;
    receive.queue = other();
    receive.visibility_ms = old_lease_ms;
    const bool held = ask(send) && ask(receive);
    held_ = ordinals_ - 1;
    return held;
}

void RunDrill::release_it() {
    PlannedOperation remove;
    remove.kind = OpKind::remove;
    remove.queue = other();
    remove.receipts.push_back({held_, 0});
    (void)ask(remove);
}

void RunDrill::check_disks() {
    const uint64_t groups = run_.cluster_->shape().data_groups + 1;
    for (const sim::Machine* machine : run_.cluster_->storage_machines()) {
        const Footprint now = footprint_of(*run_.cluster_, *machine);
        auto judge = [&](const char* what, uint64_t retained, uint64_t fixed) {
            liveness_rules::disk({machine->name() + "'s " + what, retained, now.live_bytes, fixed},
                                 run_.world_.now().ns, run_.verdict_);
        };
        judge("log", now.log_bytes, log_segments_max * run_.cluster_->shape().segment_bytes);
        judge("snapshots", now.snapshot_bytes, groups * snapshot_bytes_max);
        judge("bodies", now.body_bytes, body_bytes_max);
    }
}

void RunDrill::churn() {
    if (!hold_one()) return;
    for (const sim::Machine* machine : run_.cluster_->storage_machines()) {
        memory_before_.emplace_back(machine, footprint_of(*run_.cluster_, *machine).memory_bytes);
    }
    SteadyLoad& steady = load(calm(), Duration::milliseconds(2), 4'096);
    steady.start();
    wait(Duration::seconds(6));
    steady.stop();
    wait(run_.cluster_->shape().ping_interval * 5);
    judged_ = steady.sent() > 0;
    check_disks();
    release_it();
    SteadyLoad& backlog = load(calm(), Duration::milliseconds(1), 64, true);
    backlog.start();
    wait(Duration::seconds(1));
    backlog.stop();
    run_.await_answers();
}

void RunDrill::judge() {
    for (const auto& [machine, before] : memory_before_) {
        const uint64_t now = footprint_of(*run_.cluster_, *machine).memory_bytes;
        if (before > 0 && now > 0) {
            liveness_rules::memory(machine->name(), before + memory_slack, now, run_.world_.now().ns, run_.verdict_);
        }
    }
}

// Sends that waited for room were asked before there was any: the ones asked since are what counts.
void RunDrill::full_disks() {
    const auto& storage = run_.cluster_->storage_machines();
    SteadyLoad& steady = usual_load();
    SteadyLoad& beside = load(other(), Duration::milliseconds(40));
    beside.start();
    for (sim::Machine* machine : storage) machine->disk().set_full(true);
    wait(Duration::seconds(8));
    judged_ = steady.refused() + steady.under_way() > 0;
    for (sim::Machine* machine : storage) machine->disk().set_full(false);
    const int64_t freed_ns = run_.world_.now().ns;
    steady.mark();
    beside.mark();
    // Leaders may have given up their offices for want of room.
    const int64_t within_ns =
        (run_.reach_time() + run_.cluster_->shape().election_timeout * 10 + Duration::seconds(2)).ns;
    const auto resumed = [&] {
        return steady.sent_since_mark() >= sends_enough && beside.sent_since_mark() >= sends_enough;
    };
    while (!resumed() && run_.world_.now().ns <= freed_ns + within_ns && run_.time_left()) {
        wait(Duration::milliseconds(20));
    }
    const int64_t resumed_ns = resumed() ? run_.world_.now().ns : INT64_MAX;
    if (run_.time_left()) liveness_rules::resumed(freed_ns, resumed_ns, within_ns, run_.verdict_);
    steady.stop();
    beside.stop();
    run_.await_answers();
}

}  // namespace quern::harness
