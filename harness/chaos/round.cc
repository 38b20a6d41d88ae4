#include "harness/chaos/round.h"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "harness/chaos/data_folder.h"
#include "harness/chaos/node_pages.h"
#include "harness/chaos/power_disk.h"
#include "harness/chaos/relay_hosts.h"
#include "harness/history_json.h"

namespace quern::harness::chaos {

namespace {

constexpr Duration come_up_within = Duration::seconds(60);
constexpr Duration answer_grace = Duration::seconds(10);
constexpr Duration queue_wait_max = Duration::seconds(20);
constexpr Duration stop_within = Duration::seconds(15);
constexpr Duration pause_between = Duration::milliseconds(200);
constexpr const char* worker_name = "worker";

bool has_kind(const sim::FaultPlan& plan, sim::FaultKind kind) {
    return std::any_of(plan.faults.begin(), plan.faults.end(),
                       [&](const sim::Fault& fault) { return fault.kind == kind; });
}

bool suffers(const sim::FaultPlan& plan, sim::FaultKind kind, uint32_t node) {
    const std::string name = host_name(node);
    return std::any_of(plan.faults.begin(), plan.faults.end(), [&](const sim::Fault& fault) {
        return fault.kind == kind && std::find(fault.a.begin(), fault.a.end(), name) != fault.a.end();
    });
}

}  // namespace

uint64_t RoundResult::operation_count() const {
    return outcome_count(OpOutcome::ok) + outcome_count(OpOutcome::fail) + outcome_count(OpOutcome::info);
}

uint64_t RoundResult::outcome_count(OpOutcome outcome) const {
    uint64_t count = 0;
    for (const auto& of_kind : operations) count += of_kind[static_cast<size_t>(outcome)];
    return count;
}

Round::Round(os::OsEnv& os, const RoundOptions& options)
    : options_(options), plan_(options.plan), files_{options.folder},
      scene_(os, options.folder + "/story"), recorder_(scene_) {}

Round::~Round() {
    drain_.reset();
    clients_.clear();
    faults_.reset();
    nodes_.reset();
}

RoundResult Round::execute() {
    if (set_up() && come_up() && make_user()) {
        add_clients();
        chaos();
        settle();
        drain();
    }
    judge();
    check_freed_disk();
    write_down();
    if (stop_nodes()) judge_stopped_logs();
    return result();
}

void Round::found(const char* invariant, std::string text) {
    if (scene_.interrupted()) return;
    scene_.tell("round", invariant, text);
    verdict_.add(invariant, std::move(text), scene_.now_ns());
}

void Round::problem(std::string text) {
    scene_.tell("round", "problem", text);
    problems_.push_back(std::move(text));
}

// --- phases -----------------------------------------------------------------------------------------

bool Round::set_up() {
    const auto nodes = static_cast<uint32_t>(plan_.storage_nodes);
    Result<std::unique_ptr<Hosts>> hosts =
        options_.namespaces ? NamespaceHosts::make(scene_.os(), nodes, options_.network)
                            : RelayHosts::make(scene_.os(), nodes);
    if (!hosts) {
        problem("no hosts: " + hosts.error().detail);
        return false;
    }
    hosts_ = std::move(*hosts);
    Result<void> written = make_disks();
    if (written) written = write_cluster_files(files_, *hosts_, plan_);
    if (!written) {
        problem(written.error().detail);
        return false;
    }
    nodes_ = std::make_unique<NodeProcesses>(
        scene_, *hosts_, files_, nodes, options_.nodes,
        [this](uint32_t node, const std::string& how) { node_ended(node, how); });
    faults_ = std::make_unique<FaultPlayer>(scene_, *hosts_, *nodes_, disks_, files_, plan_.faults);
    nodes_->start_all();
    return true;
}

// A small one for who has to suffer a full one, a forgetful one for who loses power.
Result<void> Round::make_disks() {
    for (uint32_t node = 1; node <= plan_.storage_nodes; ++node) {
        std::error_code error;
        std::filesystem::create_directories(files_.disk_folder(node), error);
        if (error) return fail(ErrorCode::io_failed, files_.disk_folder(node) + ": " + error.message());
        const bool full = suffers(plan_.faults, sim::FaultKind::disk_full, node);
        if (!full && !suffers(plan_.faults, sim::FaultKind::power_loss, node)) continue;
        const std::string place = files_.disk_folder(node);
        auto disk = full ? SmallDisk::make(place, options_.small_disk)
                         : PowerDisk::make(scene_.os(), options_.disk_program, place);
        if (!disk) return fail(disk.error());
        disks_.put(node, std::move(*disk));
    }
    return {};
}

WorkClient& Round::add_client(WorkClient::Identity identity) {
    std::vector<Endpoint> endpoints;
    for (uint32_t node = 1; node <= nodes_->count(); ++node) {
        endpoints.push_back(hosts_->client_endpoint_for_all(node));
    }
    clients_.push_back(
        std::make_unique<WorkClient>(scene_, plan_, recorder_, endpoints, std::move(identity)));
    return *clients_.back();
}

bool Round::ask_until_done(OpKind kind, const std::string& queue, const QueueAttributes& attributes,
                           const wire::Operation& operation) {
    const int64_t limit = scene_.now_ns() + come_up_within.ns;
    while (scene_.now_ns() < limit && !scene_.interrupted()) {
        bool ok = false;
        bool answered = false;
        Operation op;
        op.kind = kind;
        op.attributes = attributes;
        if (kind == OpKind::grant) op.subject = worker_name;
        wire::Request request;
        request.queue_name = queue;
        request.operation = operation;
        clients_.front()->perform(std::move(op), std::move(request), [&](const Operation& o) {
            ok = o.ok();
            answered = true;
        });
        scene_.run_until([&] { return answered; }, come_up_within);
        QUERN_ASSERT(answered || scene_.interrupted());
        if (ok || !answered) return ok;
        scene_.run_for(pause_between);
    }
    return false;
}

bool Round::come_up() {
    scene_.tell("round", "phase", "the nodes come up");
    add_client({1, "", admin_key_id, admin_secret, plan_.worker_clients > 0 ? worker_name : ""});
    for (int64_t i = 0; i < plan_.queues; ++i) {
        const auto number = static_cast<uint64_t>(i);
        const QueueAttributes attributes = queue_attributes(plan_, number);
        if (ask_until_done(OpKind::create_queue, queue_name(number), attributes,
                           wire::CreateQueueRequest{attributes, {}})) {
            continue;
        }
        found("L1", "the cluster did not come up, without any fault");
        return false;
    }
    return true;
}

// The second user, whose permissions come and go.
bool Round::make_user() {
    if (plan_.worker_clients == 0) return true;
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
    });
    scene_.run_until([&] { return done; }, come_up_within);
    wire::GrantRequest grant;
    grant.user = worker_name;
    grant.grant.actions = metadata::all_actions;
    if (!worker_key_.empty() && ask_until_done(OpKind::grant, "", {}, grant)) return true;
    found("L2", "a user could not be made, without any fault");
    return false;
}

void Round::add_clients() {
    for (uint32_t number = 2; number <= plan_.clients; ++number) {
        if (number > plan_.clients - plan_.worker_clients) {
            add_client({number, worker_name, worker_key_, worker_secret_, ""});
        } else {
            add_client({number, "", admin_key_id, admin_secret, ""});
        }
    }
}

void Round::chaos() {
    scene_.tell("round", "phase", "clients begin, and faults");
    written_ = [this](const PlannedOperation& operation) { plan_.operations.push_back(operation); };
    faults_->start();
    for (auto& client : clients_) {
        client->write_down(&written_);
        client->start();
    }
    scene_.run_for(Duration::milliseconds(plan_.chaos_ms));
    for (auto& client : clients_) client->stop();
}

void Round::settle() {
    scene_.tell("round", "phase", "everything heals");
    faults_->heal();
    // A receive that waits as long as its queue says may be told to try again for all that time.
    const Duration answers =
        Duration::milliseconds(plan_.request_timeout_ms) + queue_wait_max + answer_grace;
    if (!scene_.run_until([this] { return recorder_.open_count() == 0; }, answers)) {
        found("L2", fmt::format("{} calls were never answered", recorder_.open_count()));
    }
}

void Round::drain() {
    scene_.tell("round", "phase", "the queues are drained");
    drain_ = std::make_unique<Drain>(scene_, *clients_.front(), plan_.queues);
    drain_->start();
    const Duration patience = Duration::milliseconds(plan_.settle_ms);
    uint64_t progress = 0;
    do {
        progress = drain_->progress();
        scene_.run_until([&] { return drain_->done() || drain_->progress() != progress; }, patience);
    } while (!drain_->done() && drain_->progress() != progress && !scene_.interrupted());
    if (!drain_->done()) scene_.tell("round", "phase", "they are not empty: " + drain_->state());
    recorder_.history().drained = drain_->done();
}

// --- verdict ----------------------------------------------------------------------------------------

CheckOptions Round::check_options() const {
    CheckOptions options;
    options.revocation_ms = 30'000;
    options.drain_ms = plan_.settle_ms;
    const bool right = plan_.storage_nodes >= 3 && clocks_have_a_majority(plan_.faults);
    if (right || !has_kind(plan_.faults, sim::FaultKind::clock_jump)) {
        options.started_wall_ms = scene_.started_wall_ms();
    }
    return options;
}

void Round::judge() {
    recorder_.history().ended_ns = scene_.now_ns();
    if (scene_.interrupted()) return;
    check_history(recorder_.history(), check_options(), verdict_);
    if (faults_ == nullptr) return;
    for (const std::string& failure : faults_->failures()) problem(failure);
}

void Round::write_down() {
    const auto keep = [this](const char* name, const std::string& text) {
        if (!write_file(files_.folder + "/" + name, text)) problem(std::string("cannot write ") + name);
    };
    keep("history.jsonl", to_json_lines({recorder_.history(), check_options()}));
    RunPlan asked = plan_;
    plan_.operations.clear();
    keep("round.plan", plan_.to_string());
    asked.scripted = 1;
    keep("asked.plan", asked.to_string());
    if (verdict_.good() || nodes_ == nullptr) return;
    for (uint32_t node = 1; node <= nodes_->count(); ++node) {
        keep(("node" + std::to_string(node) + ".metrics").c_str(),
             fetch_page(scene_, hosts_->admin_endpoint(node), "/metrics"));
    }
}

// L9. Not part of the history, which has been judged.
void Round::check_freed_disk() {
    if (!recorder_.history().drained || !has_kind(plan_.faults, sim::FaultKind::disk_full)) return;
    std::string last = "no answer";
    bool done = false;
    const auto ask = [&](wire::Operation operation) {
        wire::Request request;
        request.queue_name = "freed";
        request.operation = std::move(operation);
        bool ok = false;
        clients_.front()->library().call(std::move(request), [&](Result<wire::Response> response) {
            const Error error = response ? response->error : response.error();
            ok = error.code == ErrorCode::ok;
            last = error.to_string();
            done = true;
        });
        done = false;
        scene_.run_until([&] { return done; }, come_up_within);
        return ok;
    };
    const int64_t limit = scene_.now_ns() + come_up_within.ns;
    bool taken = false;
    while (!taken && scene_.now_ns() < limit && !scene_.interrupted()) {
        queue::SendEntry entry;
        taken = ask(wire::CreateQueueRequest{{}, {}}) && ask(wire::SendRequest{{entry}});
        if (!taken) scene_.run_for(pause_between);
    }
    if (!taken) found("L9", "nothing can be sent though the disk was freed: " + last);
}

bool Round::stop_nodes() {
    if (nodes_ == nullptr) return false;
    drain_.reset();
    clients_.clear();
    nodes_->stop_all();
    const bool ended = scene_.run_until([this] { return nodes_->all_ended(); }, stop_within);
    if (!ended) found("R10", "a node did not stop when it was told to");
    return ended;
}

// The disks are still there.
void Round::judge_stopped_logs() {
    if (scene_.interrupted()) return;
    StoppedLogs logs;
    StoppedSnapshots snapshots;
    for (uint32_t node = 1; node <= plan_.storage_nodes; ++node) {
        Result<StoppedLog> log = read_stopped_log(files_.data_folder(node));
        if (!log) return problem(log.error().detail);
        snapshots[NodeId(node)] = read_stopped_snapshots(files_.data_folder(node));
        logs.emplace(NodeId(node), std::move(*log));
    }
    const LogJudgeOptions options{static_cast<uint32_t>(plan_.data_groups),
                                  static_cast<uint32_t>(plan_.replication)};
    log_findings_ = judge_logs(logs, options, recorder_.history(), verdict_);
    log_findings_.snapshots = judge_snapshots(logs, snapshots, recorder_.history().ended_ns, verdict_);
    if (!write_file(files_.folder + "/logs", logs_text(logs))) problem("cannot write logs");
}

// Whoever's disk is good has no reason to stop or to refuse to start.
void Round::node_ended(uint32_t node, const std::string& how) {
    if (suffers(plan_.faults, sim::FaultKind::disk_full, node)) return;
    found("R10", fmt::format("{} {} though its disk is good; its last words:\n{}", host_name(node), how,
                             last_lines(files_.log_file(node), 3)));
}

RoundResult Round::result() const {
    RoundResult result;
    result.seed = plan_.seed;
    result.violations = verdict_.violations();
    result.violation_count = verdict_.count();
    for (const Operation& op : recorder_.history().operations) {
        const OpOutcome outcome = op.returned() ? op.outcome : OpOutcome::info;
        ++result.operations[static_cast<size_t>(op.kind)][static_cast<size_t>(outcome)];
    }
    if (faults_ != nullptr) result.faults = faults_->struck();
    result.logs = log_findings_;
    result.problems = problems_;
    result.took_ms = scene_.now_ns() / 1'000'000;
    result.interrupted = scene_.interrupted();
    return result;
}

}  // namespace quern::harness::chaos
