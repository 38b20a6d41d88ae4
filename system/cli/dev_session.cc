#include "system/cli/dev_session.h"

#include <fmt/format.h>

#include <cstdio>

#include "system/cli/options.h"
#include "system/cli/output.h"
#include "system/cli/progress.h"

namespace quern::cli {

namespace {

constexpr Duration start_patience = Duration::seconds(60);
constexpr Duration stop_patience = Duration::seconds(15);
constexpr Duration ask_interval = Duration::milliseconds(100);
constexpr Duration watch_interval = Duration::seconds(1);
constexpr Duration ask_timeout = Duration::seconds(2);

size_t reachable(const wire::ClusterStatusResponse& status) {
    size_t count = 0;
    for (const auto& node : status.nodes) count += node.reachable ? 1 : 0;
    return count;
}

bool all_well(const std::optional<wire::ClusterStatusResponse>& status, size_t nodes) {
    return status && status->healthy && reachable(*status) == nodes;
}

}  // namespace

DevSession::DevSession(std::unique_ptr<os::OsEnv> os, DevCluster cluster, bool quiet)
    : os_(std::move(os)), env_(os_->env()), cluster_(std::move(cluster)), quiet_(quiet) {}

DevSession::~DevSession() { client_.reset(); }

Result<std::unique_ptr<DevSession>> DevSession::start(const DevRequest& request, bool quiet) {
    Result<DevCluster> cluster = inspect_dev_directory(request);
    if (!cluster) return fail(std::move(cluster.error()));
    os::OsOptions options;
    options.log_level = LogLevel::error;
    Result<std::unique_ptr<os::OsEnv>> os = os::OsEnv::open(options);
    if (!os) return fail(std::move(os.error()));
    std::unique_ptr<DevSession> session(
        new DevSession(std::move(*os), std::move(*cluster), quiet));
    Result<void> up = session->bring_up();
    if (!up) {
        session->stop();
        return fail(std::move(up.error()));
    }
    return session;
}

Result<void> DevSession::bring_up() {
    nodes_ = std::make_unique<DevNodes>(
        *os_, cluster_, [this](uint32_t node, os::ChildExit how) { node_died(node, how); });
    Result<void> done = nodes_->check_ports();
    if (done) done = write_dev_files(cluster_, env_.entropy);
    if (!done) return done;
    signals_ = std::make_unique<os::StopSignals>(*os_, [this](int) { ++interrupts_; });
    const Instant began = env_.clock.now();
    done = nodes_->start_all();
    if (!done) return done;
    client_ = std::make_unique<client::Client>(env_, client_options());
    done = wait_until_healthy();
    startup_time_ = env_.clock.now() - began;
    return done;
}

client::Options DevSession::client_options() const {
    client::Options options;
    for (uint32_t node = 1; node <= cluster_.nodes; ++node)
        options.endpoints.push_back(cluster_.client_endpoint(node));
    options.key_id = "admin";
    if (Result<std::string> secret = read_first_line(cluster_.secret_file())) options.secret = *secret;
    options.software = "quern-dev";
    return options;
}

void DevSession::node_died(uint32_t node, os::ChildExit how) {
    death_ = fmt::format("node {} {}; its log {} ends with: {}", node, how.to_string(),
                         cluster_.log_file(node), last_log_line(cluster_, node));
}

bool DevSession::run_until(Callback<bool()> done) {
    auto shared = std::make_shared<Callback<bool()>>(std::move(done));
    return os_->run_until([this, shared] { return (*shared)() || interrupted(); },
                          Instant::never()) &&
           !interrupted();
}

void DevSession::pause(Duration time) {
    os_->run_until([this] { return interrupted() || !death_.empty(); }, env_.clock.now() + time);
}

std::optional<wire::ClusterStatusResponse> DevSession::ask_status() {
    auto answer = std::make_shared<std::optional<Result<wire::Response>>>();
    wire::Request request;
    request.operation = wire::ClusterStatusRequest{};
    client::CallOptions options;
    options.timeout = ask_timeout;
    client_->call(
        std::move(request),
        [answer](Result<wire::Response> response) { *answer = std::move(response); }, options);
    os_->run_until([this, answer] { return answer->has_value() || interrupted(); },
                   env_.clock.now() + ask_timeout + ask_timeout);
    if (!answer->has_value() || !**answer || (**answer)->error.code != ErrorCode::ok) return {};
    auto* status = std::get_if<wire::ClusterStatusResponse>(&(**answer)->body);
    if (status == nullptr) return {};
    return std::move(*status);
}

Result<void> DevSession::wait_until_healthy() {
    Progress progress("waiting for the cluster, nodes that answer:", cluster_.nodes, !quiet_);
    const Instant deadline = env_.clock.now() + start_patience;
    while (!interrupted()) {
        const auto status = ask_status();
        if (!death_.empty()) return fail(ErrorCode::unavailable, death_);
        if (all_well(status, cluster_.nodes)) return {};
        if (env_.clock.now() > deadline) {
            return fail(ErrorCode::unavailable,
                        fmt::format("the cluster was not healthy within {} s ({} of {} nodes answer); "
                                    "see the logs in {}",
                                    start_patience.to_milliseconds() / 1000,
                                    status ? reachable(*status) : 0, cluster_.nodes,
                                    cluster_.directory));
        }
        progress.update(status ? reachable(*status) : 0, env_.clock.now());
        pause(ask_interval);
    }
    return fail(ErrorCode::cancelled, "interrupted while the cluster was starting");
}

Result<void> DevSession::watch() {
    bool healthy = true;
    while (!interrupted()) {
        pause(watch_interval);
        if (!death_.empty()) {
            fmt::print("{}\n", std::exchange(death_, {}));
            if (nodes_->running() == 0) return fail(ErrorCode::unavailable, "all nodes have died");
        }
        if (interrupted()) break;
        const auto status = ask_status();
        if (interrupted()) break;
        if (const bool now = all_well(status, cluster_.nodes); now != healthy) {
            healthy = now;
            fmt::print("the cluster is {} ({} of {} nodes answer)\n",
                       healthy ? "healthy again" : "not healthy", status ? reachable(*status) : 0,
                       cluster_.nodes);
        }
        std::fflush(stdout);
    }
    return {};
}

void DevSession::stop() {
    client_.reset();
    if (nodes_ == nullptr || nodes_->running() == 0) return;
    nodes_->stop();
    const int before = interrupts_;
    const bool stopped =
        os_->run_until([this, before] { return nodes_->running() == 0 || interrupts_ > before; },
                       env_.clock.now() + stop_patience);
    if (stopped && nodes_->running() == 0) return;
    fmt::print(stderr, "quern: {} nodes did not stop in time and are killed; nothing is lost\n",
               nodes_->running());
    nodes_->kill_all();
    os_->run_until([this] { return nodes_->running() == 0; },
                   env_.clock.now() + Duration::seconds(5));
}

}  // namespace quern::cli
