#include "system/cli/session.h"

#include <algorithm>
#include <optional>

namespace quern::cli {

Session::Session(std::unique_ptr<os::OsEnv> os) : os_(std::move(os)), env_(os_->env()) {}

client::Options client_options(const Target& target, Duration timeout) {
    client::Options options;
    options.endpoints = target.endpoints;
    options.key_id = target.key_id;
    options.secret = target.secret;
    options.software = "quern-cli";
    options.request_timeout = timeout;
    return options;
}

Result<std::unique_ptr<Session>> Session::open(const GlobalOptions& options) {
    Result<Target> target = resolve_target(options);
    if (!target) return fail(std::move(target.error()));
    os::OsOptions os_options;
    os_options.log_level = LogLevel::warning;
    Result<std::unique_ptr<os::OsEnv>> os = os::OsEnv::open(os_options);
    if (!os) return fail(std::move(os.error()));
    std::unique_ptr<Session> session(new Session(std::move(*os)));
    session->timeout_ = options.timeout();
    Result<void> found = session->find_listener(target->endpoints);
    if (!found) return fail(std::move(found.error()));
    session->client_ = std::make_unique<client::Client>(
        session->env_, client_options(*target, options.timeout()));
    return session;
}

// The client waits patiently for a cluster that is away; a person who mistyped a port should not.
Result<void> Session::find_listener(const std::vector<Endpoint>& endpoints) {
    struct Probe {
        size_t failed = 0;
        bool found = false;
        Error last;
    };
    auto probe = std::make_shared<Probe>();
    std::string tried;
    for (const Endpoint& endpoint : endpoints) {
        tried += (tried.empty() ? "" : ", ") + endpoint.to_string();
        env_.network.connect(endpoint, [probe](Result<std::unique_ptr<Connection>> connection) {
            if (connection) {
                probe->found = true;
                return (*connection)->close();
            }
            ++probe->failed;
            probe->last = std::move(connection.error());
        });
    }
    os_->run_until([probe, &endpoints] { return probe->found || probe->failed == endpoints.size(); },
                   env_.clock.now() + timeout_);
    if (probe->found) return {};
    return fail(ErrorCode::connection_refused,
                "nothing answers at " + tried +
                    (probe->last.detail.empty() ? "" : " (" + probe->last.detail + ")"));
}

void Session::catch_interrupts() {
    signals_ = std::make_unique<os::StopSignals>(*os_, [this](int) { interrupted_ = true; });
}

bool Session::run_until(Callback<bool()> done, Instant deadline) {
    return os_->run_until(std::move(done), deadline);
}

Result<wire::Response> Session::ask(wire::Request request, Duration longer) {
    // Shared with the callback, which may run after an interrupted wait.
    auto answer = std::make_shared<std::optional<Result<wire::Response>>>();
    client::CallOptions options;
    options.timeout = timeout_ + longer;
    client_->call(
        std::move(request),
        [answer](Result<wire::Response> response) { *answer = std::move(response); }, options);
    const Instant patience = env_.clock.now() + options.timeout + Duration::seconds(1);
    os_->run_until([this, answer] { return answer->has_value() || interrupted_; }, patience);
    if (!answer->has_value()) {
        if (interrupted_) return fail(ErrorCode::cancelled, "interrupted");
        return fail(ErrorCode::timed_out, "the cluster did not answer in time");
    }
    Result<wire::Response>& response = **answer;
    if (response && response->error.code != ErrorCode::ok) return fail(std::move(response->error));
    return std::move(response);
}

}  // namespace quern::cli
