#include "harness/run_drill.h"

#include <algorithm>

#include <fmt/format.h>

#include "harness/concerns.h"

namespace quern::harness {

namespace {

constexpr Duration warm_up = Duration::seconds(1);
constexpr Duration phase_length = Duration::seconds(4);
constexpr Duration usual_interval = Duration::milliseconds(15);
constexpr uint32_t ordinals_each = 1'000'000;  // more than a load asks
constexpr Duration slow_disk = Duration::milliseconds(60);  // each operation; L14 never calls 20 ms slow

}  // namespace

uint64_t RunDrill::calm() const { return static_cast<uint64_t>(run_.plan_.queues); }
uint64_t RunDrill::other() const { return calm() + 1; }

bool RunDrill::perform() {
    if (!prepare()) return run_.time_left();
    switch (static_cast<Drill>(run_.plan_.drill)) {
        case Drill::none: break;
        case Drill::overload: overload(); break;
        case Drill::hot_queue: hot_queue(); break;
        case Drill::slow_node: slow_node(); break;
        case Drill::churn: churn(); break;
        case Drill::full_disks: full_disks(); break;
        case Drill::count: break;
    }
    judged_ = judged_ || phases_tell(run_.recorder_.history());
    return run_.time_left();
}

void RunDrill::wait(Duration length) {
    const sim::SimTime end = run_.world_.now() + length;
    while (run_.world_.now() < end && run_.time_left()) {
        const Duration slice = std::min(Duration::milliseconds(100), end - run_.world_.now());
        run_.run_until([] { return false; }, slice);
        run_.supervise();
    }
}

void RunDrill::phase(const char* name, Duration length, std::string subject) {
    Phase phase{name, run_.world_.now().ns, 0, std::move(subject)};
    wait(length);
    phase.until_ns = run_.world_.now().ns;
    run_.recorder_.history().phases.push_back(std::move(phase));
}

// Those whose permissions nobody takes away.
std::vector<WorkClient*> RunDrill::clients(Who who) const {
    std::vector<WorkClient*> list;
    for (const auto& client : run_.clients_) {
        if (client->of_administrator()) list.push_back(client.get());
    }
    if (who == Who::all || list.size() < 2) return list;
    const auto half = list.begin() + static_cast<std::ptrdiff_t>(list.size() / 2);
    who == Who::first_half ? list.erase(half, list.end()) : list.erase(list.begin(), half);
    return list;
}

SteadyLoad& RunDrill::load(uint64_t queue, Duration interval, uint32_t body_bytes, bool sends_only, Who who) {
    SteadyLoad::Options options;
    options.queue = queue;
    options.interval = interval;
    options.body_bytes = body_bytes;
    options.sends_only = sends_only;
    options.first_ordinal = ordinals_;
    ordinals_ += ordinals_each;
    loads_.push_back(std::make_unique<SteadyLoad>(run_.scene_, clients(who), options));
    return *loads_.back();
}

// Whose calls are counted; it has had time to begin.
SteadyLoad& RunDrill::usual_load(Who who) {
    SteadyLoad& steady = load(calm(), usual_interval, 64, false, who);
    steady.start();
    wait(warm_up);
    return steady;
}

bool RunDrill::create(uint64_t queue) {
    Operation op;
    op.kind = OpKind::create_queue;
    wire::Request request;
    request.queue_name = queue_name(queue);
    request.operation = wire::CreateQueueRequest{op.attributes, {}};
    return run_.ask_until_done(*run_.clients_.front(), op, request);
}

// Everybody is there again, outside the core as well, and two queues that nobody else knows.
bool RunDrill::prepare() {
    run_.tell("phase", fmt::format("everything heals; drill {}", run_.plan_.drill));
    run_.faults_->heal_all();
    run_.core_ = run_.cluster_->machines();
    const sim::SimTime limit = run_.world_.now() + Duration::seconds(20);
    while (!(run_.led() && run_.cluster_->healthy()) && run_.world_.now() < limit && run_.time_left()) {
        wait(Duration::milliseconds(100));
    }
    const bool good = run_.led() && create(calm()) && create(other());
    if (good || !run_.time_left()) return good;
    run_.found("L2", "queues could not be made, long after all faults");
    return false;
}

void RunDrill::overload() {
    SteadyLoad& steady = usual_load();
    phase("before", phase_length);
    SteadyLoad& burst = load(calm(), Duration{usual_interval.ns / 10});
    burst.start();
    for (sim::Machine* machine : run_.cluster_->storage_machines()) machine->disk().set_stuck(true);
    wait(Duration::seconds(3));
    burst.stop();
    for (sim::Machine* machine : run_.cluster_->storage_machines()) machine->disk().set_stuck(false);
    wait(run_.reach_time() + run_.cluster_->shape().election_timeout * 10);
    phase("after", phase_length);
    steady.stop();
    run_.await_answers();
}

// What floods one's own connection is one's own trouble: the flood has others.
void RunDrill::hot_queue() {
    if (clients(Who::all).size() < 2) return;
    SteadyLoad& steady = usual_load(Who::first_half);
    phase("calm", phase_length);
    SteadyLoad& flood = load(other(), Duration::microseconds(400), 64, false, Who::second_half);
    flood.start();
    wait(Duration::milliseconds(300));
    phase("hot", Duration::milliseconds(1'500), queue_name(other()));
    flood.stop();
    steady.stop();
    run_.await_answers();
}

// The voters of the group that the load goes to.
std::vector<sim::Machine*> RunDrill::replicas_of_calm() const {
    const std::vector<Operation>& operations = run_.recorder_.history().operations;
    const auto sent = std::find_if(operations.rbegin(), operations.rend(), [this](const Operation& op) {
        return op.ok() && op.kind == OpKind::send && op.queue == queue_name(calm());
    });
    std::vector<sim::Machine*> voters;
    if (sent == operations.rend()) return voters;
    replica::ReplicaHost* leader = run_.cluster_->leader_of(sent->at.group);
    if (leader == nullptr) return voters;
    const std::vector<NodeId>& ids = leader->groups().at(sent->at.group)->configuration().voters;
    for (sim::Machine* machine : run_.cluster_->storage_machines()) {
        replica::ReplicaHost* host = run_.cluster_->host_on(*machine);
        const bool votes = host != nullptr && std::find(ids.begin(), ids.end(), host->self()) != ids.end();
        if (votes) voters.push_back(machine);
    }
    return voters;
}

// One of them whose offices others have taken over; null: they would not.
sim::Machine* RunDrill::without_office() {
    const std::vector<sim::Machine*> replicas = replicas_of_calm();
    if (replicas.size() < 3) return nullptr;  // the others have to be a majority
    const uint64_t random = draw(run_.plan_.seed, Concern::drill, 0, 1);
    sim::Machine* victim = replicas[bounded(random, replicas.size())];
    const uint32_t groups = run_.cluster_->shape().data_groups;
    for (int attempt = 0; attempt < 20 && run_.time_left(); ++attempt) {
        replica::ReplicaHost* host = run_.cluster_->host_on(*victim);
        if (host == nullptr) return nullptr;
        bool leads = false;
        for (uint32_t g = 0; g <= groups; ++g) {
            if (run_.cluster_->leader_of(GroupId(g)) != host) continue;
            leads = true;
            replica::GroupReplica& group = *host->groups().at(GroupId(g));
            for (const raft::PeerStatus& peer : group.peers()) {
                if (peer.id != host->self() && peer.active && group.transfer_leadership(peer.id)) break;
            }
        }
        if (!leads && run_.led()) return victim;
        wait(Duration::milliseconds(200));
    }
    return nullptr;
}

void RunDrill::slow(sim::Machine& machine, bool on) {
    const uint64_t way = draw(run_.plan_.seed, Concern::drill, 0, 2) % 3;
    if (way == 0) return machine.disk().set_slow_extra(on ? slow_disk : Duration::zero());
    if (way == 1) return on ? machine.pause() : machine.resume();
    sim::Fabric& fabric = run_.world_.fabric();
    for (uint32_t i = 0; i < run_.world_.machine_count(); ++i) {
        for (const auto& [from, to] : {std::pair{machine.index(), i}, std::pair{i, machine.index()}}) {
            sim::LinkOptions options = fabric.link_options(from, to);
            const Duration more = Duration::milliseconds(40);
            options.latency.least = on ? options.latency.least + more : options.latency.least - more;
            fabric.set_link(from, to, options);
        }
    }
}

void RunDrill::slow_node() {
    // A machine that serves clients as well would be missed by them.
    if (run_.plan_.balancers == 0 || !run_.cluster_->healthy()) return;
    SteadyLoad& steady = usual_load();
    // Until nobody is found better placed to lead any more.
    wait(run_.cluster_->shape().ping_interval * 8);
    sim::Machine* victim = without_office();
    if (victim != nullptr) {
        wait(warm_up);
        phase("sound", phase_length);
        constexpr const char* ways[] = {"has a slow disk", "stands still", "has slow links"};
        run_.tell("drill", fmt::format("{} {}", victim->name(), ways[draw(run_.plan_.seed, Concern::drill, 0, 2) % 3]));
        slow(*victim, true);
        wait(warm_up);
        phase("one_slow", phase_length);
        slow(*victim, false);
    }
    steady.stop();
    run_.await_answers();
}

}  // namespace quern::harness
