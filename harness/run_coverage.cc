// What the cluster is in the midst of when faults strike, and the faults that wait for it.
#include "harness/run.h"

namespace quern::harness {

namespace {

ProtocolState state_of(replica::Activity activity) {
    switch (activity) {
        case replica::Activity::electing: return ProtocolState::election;
        case replica::Activity::transferring: return ProtocolState::leadership_transfer;
        case replica::Activity::writing_snapshot: return ProtocolState::snapshot_writing;
        case replica::Activity::sending_snapshot: return ProtocolState::snapshot_sending;
        case replica::Activity::installing_snapshot: return ProtocolState::snapshot_installing;
        case replica::Activity::truncating: return ProtocolState::log_truncation;
        case replica::Activity::repairing: return ProtocolState::repair;
        case replica::Activity::polls_parked: return ProtocolState::long_poll;
    }
    QUERN_UNREACHABLE();
}

std::optional<ProtocolState> state_of(OpKind kind) {
    switch (kind) {
        case OpKind::purge: return ProtocolState::purge;
        case OpKind::create_queue: return ProtocolState::queue_creation;
        case OpKind::delete_queue: return ProtocolState::queue_deletion;
        case OpKind::set_attributes: return ProtocolState::attributes_change;
        case OpKind::grant:
        case OpKind::revoke: return ProtocolState::grant_change;
        default: return std::nullopt;
    }
}

}  // namespace

void Run::watch_states() {
    states_.on_begin([this](ProtocolState state, uint32_t machine) { state_begins(state, machine); });
    witness_.watch_activities([this](NodeId node, replica::Activity activity, bool on) {
        const uint32_t machine = cluster_->storage_machines()[node.value - 1]->index();
        if (on) return states_.begins(state_of(activity), machine);
        states_.ends(state_of(activity), machine, world_.now().ns);
    });
    cluster_->on_boot([this](const sim::Machine& machine, bool over) {
        if (machine.name()[0] != 's') return;
        if (over) return states_.ends(ProtocolState::recovery, machine.index(), world_.now().ns);
        states_.died(machine.index());
        states_.begins(ProtocolState::recovery, machine.index());
    });
    asked_ = [this](const Operation& op) {
        if (const auto state = state_of(op.kind)) states_.begins(*state, StateTracker::everywhere);
        if (options_.asked) options_.asked(op);
    };
    answered_ = [this](const Operation& op) {
        const auto state = state_of(op.kind);
        if (state) states_.ends(*state, StateTracker::everywhere, world_.now().ns);
        if (options_.answered) options_.answered(op);
    };
    recorder_.watch(&asked_, &answered_);
}

void Run::watch_faults() {
    faults_->watch([this](const sim::Fault& fault, const sim::Machine* machine) {
        fault_strikes(fault, machine);
    });
    aims_ = std::make_unique<AimRun>(world_, *faults_, plan_.aims, cluster_->machines(),
                                     cluster_->storage_machines().size());
}

void Run::state_begins(ProtocolState state, uint32_t machine) {
    if (!aims_ || healed_) return;
    ++coverage_.began[static_cast<size_t>(state)];
    aims_->state_begins(state, machine);
}

void Run::fault_strikes(const sim::Fault& fault, const sim::Machine* machine) {
    for (const sim::Machine* each : cluster_->storage_machines()) {
        if (!each->running()) states_.died(each->index());
    }
    uint64_t machines = 0;
    auto add = [&machines](const sim::Machine* each) {
        if (each != nullptr && each->index() < StateTracker::machines_max) {
            machines |= uint64_t{1} << each->index();
        }
    };
    if (machine != nullptr) {
        add(machine);
    } else {
        for (const auto* side : {&fault.a, &fault.b}) {
            for (const std::string& name : *side) add(world_.find(name));
        }
    }
    coverage_.struck(fault.kind, states_.met_by(machines, world_.now().ns));
}

}  // namespace quern::harness
