#include "harness/run.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "harness/checkers.h"
#include "harness/group_judge.h"
#include "harness/run_state.h"
#include "sim/faults/plan_generate.h"

namespace quern::harness {

namespace {

constexpr Duration come_up_within = Duration::seconds(60);
constexpr const char* worker_name = "worker";

sim::WorldOptions world_options(const RunPlan& plan) {
    sim::WorldOptions options;
    options.seed = plan.seed;
    options.fabric.link.latency.least = Duration::microseconds(plan.latency_us);
    options.fabric.link.latency.spread = Duration::microseconds(plan.latency_us / 2);
    return options;
}

sim::ClusterShape cluster_shape(const RunPlan& plan) {
    sim::ClusterShape shape;
    shape.storage_nodes = static_cast<uint32_t>(plan.storage_nodes);
    shape.balancers = static_cast<uint32_t>(plan.balancers);
    shape.data_groups = static_cast<uint32_t>(plan.data_groups);
    shape.replication = static_cast<uint32_t>(plan.replication);
    shape.election_timeout = Duration::milliseconds(plan.election_ms);
    shape.heartbeat_interval = Duration::milliseconds(plan.heartbeat_ms);
    shape.ping_interval = Duration::milliseconds(plan.ping_ms);
    shape.snapshot_entries = static_cast<size_t>(plan.snapshot_entries);
    shape.segment_bytes = static_cast<uint64_t>(plan.segment_kib) * 1024;
    shape.payload_cache_bytes = static_cast<uint64_t>(plan.payload_cache_kib) * 1024;
    shape.disk.sync.least = Duration::microseconds(plan.sync_us);
    shape.disk.quota_bytes = static_cast<uint64_t>(plan.disk_mib) << 20;
    return shape;
}

}  // namespace

Run::Run(const RunPlan& plan, RunOptions options)
    : plan_(plan), options_(std::move(options)), world_(world_options(plan)), scene_(world_),
      recorder_(scene_),
      witness_(world_, verdict_, static_cast<uint64_t>(plan.deep_per_million)) {
    tell_story();
    if (options_.event) world_.scheduler().set_observer(std::move(options_.event));
    sim::ClusterShape shape = cluster_shape(plan_);
    shape.observer = &witness_;
    cluster_ = std::make_unique<sim::Cluster>(world_, shape);
    witness_.watch(*cluster_);
    watch_world();
    watch_states();
}

void Run::watch_world() {
    if (options_.applied) witness_.watch_commands(&options_.applied);
    if (options_.flight) {
        world_.fabric().set_observer([this](const sim::Flight& flight) {
            options_.flight(flight, world_.machine(flight.from).name(), world_.machine(flight.to).name());
        });
    }
    if (!options_.machine) {
        return world_.scheduler().set_after_event([this] { witness_.after_event(); });
    }
    world_.scheduler().set_after_event([this] {
        witness_.after_event();
        note_machines();
    });
}

void Run::note_machines() {
    were_running_.resize(world_.machine_count(), false);
    for (uint32_t i = 0; i < were_running_.size(); ++i) {
        const bool running = world_.machine(i).running();
        if (running == were_running_[i]) continue;
        were_running_[i] = running;
        options_.machine(world_.machine(i).name(), running, world_.now().ns);
    }
}

Run::~Run() {
    world_.scheduler().set_after_event(nullptr);
    witness_.stop();
    aims_.reset();
    faults_.reset();
    drain_.reset();
    clients_.clear();
}

void Run::tell_story() {
    if (!options_.until_word.empty() && !options_.story) options_.story = [](const std::string&) {};
    if (!options_.story) return;
    world_.trace().keep(1);
    world_.trace().set_level(options_.verbose ? LogLevel::debug : LogLevel::info);
    world_.trace().set_sink([this](const std::string& line) {
        const bool wanted = !options_.until_word.empty();
        if (wanted && line.find(options_.until_word) != std::string::npos) word_said_ = true;
        const bool disk = line.find(" disk ") != std::string::npos;
        if (!disk || options_.verbose) options_.story(line);
    });
}

void Run::tell(std::string_view what, const std::string& text) {
    if (recorder_.telling()) recorder_.tell("run", what, text);
}

void Run::found(const char* invariant, std::string text) {
    tell(invariant, text);
    verdict_.add(invariant, std::move(text), world_.now().ns);
}

bool Run::stopped() {
    while (instants_passed_ < options_.instants_ns.size() &&
           world_.now().ns >= options_.instants_ns[instants_passed_]) {
        if (options_.at_instant(instants_passed_++)) ended_at_instant_ = true;
    }
    if (ended_at_instant_) return true;
    if (word_said_ || world_.scheduler().executed() >= options_.until_event) return true;
    return !options_.stop_at.empty() && !verdict_.good() && verdict_.names(options_.stop_at);
}

RunResult Run::execute() {
    if (come_up() && prepare() && chaos() && (plan_.stop_ms > 0 || (settle() && drill()))) judge();
    recorder_.history().ended_ns = world_.now().ns;
    if (options_.state) options_.state(describe_state(world_, *cluster_));
    CheckOptions outside = check_options();
    outside.drain_ms = plan_.settle_ms;  // the run has judged it, in its own words
    if (options_.history) options_.history(recorder_.history(), outside);
    return result();
}

// --- phases -----------------------------------------------------------------------------------------

bool Run::come_up() {
    const bool up = run_until([this] { return cluster_->healthy(); }, come_up_within);
    if (!up && time_left()) found("L1", "the cluster did not come up, without any fault");
    return up;
}

WorkClient& Run::add_client(WorkClient::Identity identity) {
    clients_.push_back(std::make_unique<WorkClient>(scene_, plan_, recorder_,
                                                    cluster_->client_endpoints(),
                                                    std::move(identity)));
    return *clients_.back();
}

// Clients in a hurry may have to ask again; what is asked here may be done twice.
bool Run::ask_until_done(WorkClient& client, const Operation& op, const wire::Request& request) {
    struct Answer {
        bool came = false;
        bool ok = false;
    };
    const sim::SimTime end = world_.now() + come_up_within;
    while (world_.now() < end && time_left()) {
        const auto answer = std::make_shared<Answer>();  // it may come when nobody waits for it any more
        client.perform(op, request, [answer](const Operation& o) { *answer = {true, o.ok()}; });
        run_until([&] { return answer->came; }, come_up_within);
        if (answer->ok) return true;
    }
    return false;
}

bool Run::create_user() {
    bool done = false;
    wire::Request request;
    request.operation = wire::CreateUserRequest{worker_name, ""};
    clients_.front()->library().call(std::move(request), [&](Result<wire::Response> response) {
        done = true;
        if (!response) return;
        if (auto* made = std::get_if<wire::CreateUserResponse>(&response->body)) {
            worker_key_ = made->key_id;
            worker_secret_ = made->secret;
        }
    }, {come_up_within});
    run_until([&] { return done; }, come_up_within);
    return !worker_key_.empty();
}

// Without faults: queues, and the second user.
bool Run::prepare() {
    WorkClient& first = add_client({1, "", sim::admin_key_id, sim::admin_secret,
                                    plan_.worker_clients > 0 ? worker_name : ""});
    bool good = true;
    for (int64_t i = 0; i < plan_.queues; ++i) {
        Operation op;
        op.kind = OpKind::create_queue;
        op.attributes = queue_attributes(plan_, static_cast<uint64_t>(i));
        wire::Request request;
        request.queue_name = queue_name(static_cast<uint64_t>(i));
        request.operation = wire::CreateQueueRequest{op.attributes, {}};
        good = ask_until_done(first, op, request) && good;
    }
    if (plan_.worker_clients > 0) {
        good = create_user() && good;
        Operation op;
        op.kind = OpKind::grant;
        op.subject = worker_name;
        wire::GrantRequest grant;
        grant.user = worker_name;
        grant.grant.actions = metadata::all_actions;
        wire::Request request;
        request.operation = std::move(grant);
        good = ask_until_done(first, op, request) && good;
    }
    if (!good && time_left()) found("L2", "queues and users could not be made, without any fault");
    for (uint32_t number = 2; number <= plan_.clients; ++number) {
        const bool worker = number > plan_.clients - plan_.worker_clients;
        add_client(worker ? WorkClient::Identity{number, worker_name, worker_key_, worker_secret_, ""}
                          : WorkClient::Identity{number, "", sim::admin_key_id, sim::admin_secret, ""});
    }
    return good && time_left();
}

bool Run::chaos() {
    std::vector<std::string> storage;
    for (const sim::Machine* machine : cluster_->storage_machines()) storage.push_back(machine->name());
    const auto faulty_max = static_cast<uint32_t>((plan_.replication - 1) / 2);
    atlas_ = std::make_unique<sim::Atlas>(plan_.seed, storage, faulty_max, sim::AtlasScope::machines);
    faults_ = std::make_unique<sim::FaultRun>(world_, *atlas_, plan_.faults);
    watch_faults();
    tell("phase", "clients begin, and faults");
    if (plan_.fault_points != 0) world_.fault_points().activate();
    if (plan_.fault_points == 2) {
        world_.fault_points().set(FaultPoint::answer_lost, 200'000);
        world_.fault_points().set(FaultPoint::request_refused, 300'000);
    }
    faults_->start();
    begun_ns_ = world_.now().ns;
    for (auto& client : clients_) {
        if (options_.written) client->write_down(&options_.written);
        client->start();
    }
    const int64_t length_ms = plan_.stop_ms > 0 ? plan_.stop_ms : plan_.chaos_ms;
    const sim::SimTime end = world_.now() + Duration::milliseconds(length_ms);
    while (world_.now() < end && time_left()) {
        const Duration slice = std::min(Duration::milliseconds(100), end - world_.now());
        run_until([] { return false; }, slice);
        supervise();
    }
    return time_left();
}

CheckOptions Run::check_options() const {
    CheckOptions options;
    // A cache that heard nothing for two seconds knows nothing; a read may have begun a little before.
    options.revocation_ms = 5'000;
    options.damage = std::any_of(
        faults().begin(), faults().end(), [](const sim::Fault& fault) {
            return fault.kind >= sim::FaultKind::bit_rot && fault.kind <= sim::FaultKind::disks_swapped;
        });
    if (faults().empty() && plan_.fault_points == 0 && plan_.drill == 0) options.prompt_ms = 1'000;
    // Cluster time is right as long as most clocks are.
    std::set<std::string> wrong_clocks;
    for (const sim::Fault& fault : faults()) {
        const bool clock = fault.kind == sim::FaultKind::clock_jump ||
                           fault.kind == sim::FaultKind::clock_freeze ||
                           fault.kind == sim::FaultKind::clock_drift;
        if (clock) wrong_clocks.insert(fault.a.begin(), fault.a.end());
    }
    const auto minority = static_cast<size_t>(plan_.storage_nodes - 1) / 2;
    if (wrong_clocks.size() <= minority) options.started_wall_ms = sim::world_epoch.ns / 1'000'000;
    return options;
}

void Run::judge() {
    History& history = recorder_.history();
    history.ended_ns = world_.now().ns;
    check_history(history, check_options(), verdict_);
    for (const Operation& op : history.operations) {
        for (uint32_t g = 1; g <= plan_.data_groups; ++g) {
            if (const GroupJudge* judge = witness_.judge(GroupId(g))) judge->check_refused(op);
        }
        if (!op.ok() || !op.at.index) continue;
        if (const GroupJudge* judge = witness_.judge(op.at.group)) judge->check_answer(op);
    }
}

RunResult Run::result() const {
    RunResult result;
    result.seed = plan_.seed;
    result.violations = verdict_.violations();
    result.violation_count = verdict_.count();
    auto& world = const_cast<sim::World&>(world_);
    for (const Operation& op : recorder_.history().operations) {
        const OpOutcome outcome = op.returned() ? op.outcome : OpOutcome::info;
        ++result.operations[static_cast<size_t>(op.kind)][static_cast<size_t>(outcome)];
    }
    for (size_t i = 0; i < sim::fault_kind_count; ++i) {
        result.faults[i] = world.counters().count(static_cast<sim::FaultKind>(i));
    }
    for (size_t i = 0; i < result.fault_points.size(); ++i) {
        result.fault_points[i] = world.fault_points().fired(static_cast<FaultPoint>(i));
    }
    RollingHash hash;
    hash.add(world.hash());
    for (uint32_t g = 0; g <= plan_.data_groups; ++g) {
        result.elections += witness_.term_count(GroupId(g));
        hash.add(witness_.rolling_hash(GroupId(g)));
        if (const GroupJudge* judge = witness_.judge(GroupId(g))) {
            result.commands_judged += judge->commands();
        }
    }
    result.coverage = coverage_;
    result.aims_met = aims_ ? aims_->met() : 0;
    const auto drill = static_cast<size_t>(plan_.drill) % drill_count;
    result.drills[drill] = drills_begun_;
    result.drills_judged[drill] = drills_judged_;
    result.trace_hash = hash.value();
    result.events = world.scheduler().executed();
    result.simulated_ns = world.now().ns;
    result.begun_ns = begun_ns_;
    result.deep_checks = witness_.deep_checks();
    result.promises_checked = witness_.promises_checked();
    return result;
}

}  // namespace quern::harness
