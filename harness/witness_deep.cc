// Costly looks: everyone's own invariants, and whether replicas agree.
#include <fmt/format.h>

#include "harness/concerns.h"
#include "harness/group_judge.h"
#include "harness/witness.h"

namespace quern::harness {

namespace {

constexpr uint64_t events_between_deep_checks = 2'000;

}  // namespace

// L5, S82: soon after an entry that may have made messages ready, nobody is parked beside them.
void Witness::check_desks() {
    constexpr uint64_t looks_until = 40;
    desks_due_ = UINT64_MAX;
    for (auto at = desks_.begin(); at != desks_.end();) {
        bool over = false;
        if (at->second <= events_) {
            check_desk(at->first.first, at->first.second);
            at->second = events_ + 1 + bounded(draw(world_.seed(), Concern::sample, 2, events_), 12);
            over = at->second % looks_until < 6;
        }
        if (!over) desks_due_ = std::min(desks_due_, at->second);
        at = over ? desks_.erase(at) : std::next(at);
    }
}

void Witness::check_desk(NodeId node, GroupId group) {
    const replica::ReplicaHost* host = cluster_->host_on(machine(node));
    const replica::DataReplica* data = host != nullptr ? host->data(group) : nullptr;
    if (data == nullptr) return;
    if (const char* wrong = data->desk().violated()) {
        found("L5", fmt::format("s{} group {}: {}", node.value, group.value, wrong));
    }
}

void Witness::after_event() {
    if (cluster_ != nullptr && desks_due_ <= events_) check_desks();
    if (++events_ < next_deep_event_ || cluster_ == nullptr) return;
    const uint64_t random = draw(world_.seed(), Concern::sample, 1, events_);
    next_deep_event_ = events_ + 1 + bounded(random, 2 * events_between_deep_checks);
    const auto nodes = static_cast<uint64_t>(cluster_->storage_machines().size());
    check_invariants(NodeId(static_cast<uint32_t>(1 + bounded(mix64(random), nodes))));
}

void Witness::check_invariants(NodeId node) {
    replica::ReplicaHost* host = cluster_->host_on(machine(node));
    if (host == nullptr) return;
    ++deep_checks_;
    for (const auto& [group, replica] : host->groups()) {
        if (!replica->started()) continue;
        replica->core().check_invariants();
        check_kept(node, group, this->replica(node, group), &replica->core());
        check_durable(node, group);
        // R4 is judged when a leader begins: later an entry of an older term may be committed by the next.
        const bool known = this->replica(node, group).led == replica->core().term();
        if (known) check_leader_log(node, group, replica->core());
        const replica::DataReplica* data = host->data(group);
        if (data == nullptr) continue;
        data->state().check_invariants();
        check_desk(node, group);
    }
}

const GroupJudge* Witness::judge(GroupId group) const {
    const auto found = groups_.find(group);
    return found == groups_.end() ? nullptr : found->second.judge.get();
}

std::string Witness::difference(const std::vector<sim::Machine*>& healed) const {
    struct First {
        std::string where;
        LogIndex index;
        uint64_t hash = 0;
        uint64_t state = 0;
    };
    std::map<GroupId, First> first;
    for (const sim::Machine* machine : healed) {
        replica::ReplicaHost* host = cluster_->host_on(*machine);
        if (host == nullptr) return machine->name() + " runs no node";
        for (const auto& [group, replica] : host->groups()) {
            if (!replica->started()) return fmt::format("{} group {} has not started", machine->name(), group.value);
            if (replica->core().recovering()) {
                return fmt::format("group {}: the log of {} is still damaged", group.value, machine->name());
            }
            First mine{machine->name(), replica->machine().index(), replica->machine().rolling_hash(), 0};
            if (const replica::DataReplica* data = host->data(group)) {
                mine.state = data->state().state_hash();
            }
            const auto [other, fresh] = first.try_emplace(group, mine);
            if (fresh) continue;
            if (mine.index != other->second.index) {
                return fmt::format("group {}: {} has applied {}, {} {}", group.value, mine.where,
                                   mine.index.value, other->second.where, other->second.index.value);
            }
            if (mine.hash != other->second.hash || mine.state != other->second.state) {
                return fmt::format("group {} at index {}: {} and {} hold different states",
                                   group.value, mine.index.value, mine.where, other->second.where);
            }
        }
    }
    return {};
}

}  // namespace quern::harness
