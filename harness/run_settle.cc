// After the faults: a core of the cluster heals, and what has to come about then does, in time (L1 to L3, L6,
// L7).
#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "harness/liveness_rules.h"
#include "harness/run_drill.h"

namespace quern::harness {

namespace {

constexpr Duration converge_within = Duration::seconds(30);
constexpr Duration give_back_within = Duration::seconds(10);
constexpr Duration answer_grace = Duration::seconds(5);

}  // namespace

void Run::heal() {
    for (auto& client : clients_) client->stop();
    world_.fault_points().silence();
    core_ = choose_core();
    std::string names;
    for (const sim::Machine* machine : core_) names += " " + machine->name();
    tell("phase", "the core heals:" + names);
    std::vector<sim::Machine*> healed = core_;
    for (auto& client : clients_) healed.push_back(&scene_.machine(client->number()));
    faults_->heal_core(healed);
    healed_ = true;
    healed_ns_ = world_.now().ns;
}

bool Run::settle() {
    heal();
    await_leaders();
    await_answers();
    drain(plan_.queues);
    if (!time_left()) return false;
    check_stability();
    converge();
    return time_left();
}

// What was sent in the drill is drained as well. After a violation, calls of the first drain may be under way.
bool Run::drill() {
    if (plan_.drill == 0 || !verdict_.good()) return true;
    RunDrill drill(*this);
    recorder_.history().drained = false;
    if (!drill.perform()) return false;
    ++drills_begun_;
    drills_judged_ += drill.judged() ? 1 : 0;
    drain(plan_.queues + RunDrill::queues);
    if (!time_left()) return false;
    converge();
    drill.judge();
    return time_left();
}

namespace {

const replica::GroupReplica* started(replica::ReplicaHost* host, GroupId group) {
    if (host == nullptr) return nullptr;
    const auto found = host->groups().find(group);
    return found == host->groups().end() || !found->second->started() ? nullptr : found->second.get();
}

}  // namespace

// Somebody leads it and serves, and a majority of its voters follow him in his term. Somebody else may
// still believe that he leads.
bool Run::led(GroupId group) {
    std::map<std::pair<Term, NodeId>, size_t> following;
    std::set<std::pair<Term, NodeId>> serving;
    size_t voters = 0;
    for (const sim::Machine* machine : cluster_->storage_machines()) {
        const replica::GroupReplica* replica = started(cluster_->host_on(*machine), group);
        if (replica == nullptr) continue;
        const raft::Status status = replica->status();
        ++following[{status.term, status.leader}];
        if (!status.leader_ready) continue;
        serving.insert({status.term, status.leader});
        voters = replica->configuration().voters.size();
    }
    return std::any_of(serving.begin(), serving.end(),
                       [&](const auto& leader) { return following[leader] > voters / 2; });
}

bool Run::led() {
    for (uint32_t group = 0; group <= cluster_->shape().data_groups; ++group) {
        if (!led(GroupId(group))) return false;
    }
    return true;
}

// What nodes need at most to find each other again: an attempt to connect, and the pause before the next one.
Duration Run::reach_time() const {
    return std::max(cluster_->shape().election_timeout * 2, Duration::seconds(1)) + Duration::milliseconds(750);
}

void Run::await_leaders() {
    const sim::ClusterShape& shape = cluster_->shape();
    // A ping tells who reaches whom.
    const Duration reach = reach_time() + shape.ping_interval;
    const sim::SimTime limit = world_.now() + shape.election_timeout * 20 + reach;
    while (!led() && world_.now() < limit && time_left()) {
        run_until([] { return false; }, Duration::milliseconds(20));
        supervise();
    }
    if (!time_left()) return;
    led_ns_ = world_.now().ns;
    unled_ns_ = led() ? led_ns_ : INT64_MAX;
    liveness_rules::leader(sound_since(), unled_ns_, shape.election_timeout.ns, reach.ns, verdict_);
}

// Leadership goes once more to a node that reaches more of a group's replicas: three pings to miss a node,
// four to be sure that others do not. Then it stays where it is.
void Run::check_stability() {
    const sim::ClusterShape& shape = cluster_->shape();
    const Duration reach = reach_time() + shape.ping_interval * 7;
    liveness_rules::leader(sound_since(), unled_ns_, shape.election_timeout.ns, reach.ns, verdict_);
}

// The core is sound from then on: of one that found only now what its disk had done to it, its next start.
int64_t Run::sound_since() const {
    return std::max(healed_ns_, stopped_ns_ > 0 ? stopped_ns_ + restart_pause.ns : 0);
}

// Whoever loses its leader is without one for an election timeout at least; a hand-over takes much less.
void Run::watch_leaders() {
    const int64_t now_ns = world_.now().ns;
    if (led()) led_ns_ = now_ns;
    if (now_ns - std::max(led_ns_, healed_ns_) > cluster_->shape().election_timeout.ns) unled_ns_ = now_ns;
}

// Who leads is watched meanwhile.
void Run::await_answers() {
    const Duration answers = Duration::milliseconds(plan_.request_timeout_ms + plan_.wait_ms_max) +
                             answer_grace + Duration::seconds(20);
    const sim::SimTime end = world_.now() + answers;
    while (recorder_.open_count() > 0 && world_.now() < end && time_left()) {
        run_until([this] { return recorder_.open_count() == 0; }, Duration::milliseconds(100));
        supervise();
        watch_leaders();
    }
    if (recorder_.open_count() > 0 && time_left()) {
        found("L2", fmt::format("{} calls were never answered", recorder_.open_count()));
    }
}

void Run::drain(int64_t queues) {
    drain_ = std::make_unique<Drain>(scene_, *clients_.front(), queues);
    drain_->start();
    const Duration patience = Duration::milliseconds(plan_.settle_ms);
    sim::SimTime end = world_.now() + patience;
    while (!drain_->done() && world_.now() < end && time_left()) {
        const uint64_t before = drain_->progress();
        run_until([this] { return drain_->done(); }, Duration::milliseconds(100));
        if (drain_->progress() != before) end = world_.now() + patience;
        supervise();
        watch_leaders();
    }
    if (!drain_->done() && time_left()) {
        found("L3", "the queues could not be drained: " + drain_->state());
    }
    recorder_.history().drained = drain_->done();
}

std::vector<sim::Machine*> Run::storage_of_core() const {
    std::vector<sim::Machine*> storage;
    for (sim::Machine* machine : core_) {
        const auto& all = cluster_->storage_machines();
        if (std::find(all.begin(), all.end(), machine) != all.end()) storage.push_back(machine);
    }
    return storage;
}

void Run::converge() {
    const std::vector<sim::Machine*> storage = storage_of_core();
    std::string difference;
    const sim::SimTime limit = world_.now() + converge_within;
    do {
        run_until([] { return false; }, Duration::milliseconds(200));
        difference = witness_.difference(without_lost(storage));
    } while (!difference.empty() && world_.now() < limit && time_left());
    if (!difference.empty() && time_left()) found("L6", "replicas do not converge: " + difference);
    if (drain_->done() && difference.empty()) check_bodies(without_lost(storage));
}

std::string Run::bodies_kept(const std::vector<sim::Machine*>& storage) const {
    for (const sim::Machine* machine : storage) {
        for (const std::string& path : machine->disk().platter().paths()) {
            if (sim::file_class(path) != "bodies") continue;
            return fmt::format("{} still has {} ({} bytes)", machine->name(), path,
                               machine->disk().platter().find(path)->size());
        }
    }
    return {};
}

// L7: when every message is gone, nothing of their bodies is kept.
void Run::check_bodies(const std::vector<sim::Machine*>& storage) {
    std::string kept = bodies_kept(storage);
    const sim::SimTime limit = world_.now() + give_back_within;
    while (!kept.empty() && world_.now() < limit && time_left()) {
        run_until([] { return false; }, Duration::milliseconds(200));
        kept = bodies_kept(storage);
    }
    if (!kept.empty() && time_left()) found("L7", "the queues are empty: " + kept);
}

}  // namespace quern::harness
