// One command's connection to a cluster: asks one thing after another and waits for each answer, while
// the loop runs underneath.
#pragma once

#include <memory>

#include "system/cli/options.h"
#include "system/client/client.h"
#include "system/os/os_env.h"
#include "system/os/signals.h"

namespace quern::cli {

// A client of the cluster, with this tool's habits.
client::Options client_options(const Target& target, Duration timeout);

class Session {
public:
    // Connects to one of the endpoints: connection_refused at once if none of them listens.
    static Result<std::unique_ptr<Session>> open(const GlobalOptions& options);

    // Waits for the answer, at most the global timeout and `longer`. A refusal comes as the error.
    Result<wire::Response> ask(wire::Request request, Duration longer = Duration::zero());
    // The same, giving the part of the answer that belongs to the operation. protocol_error if the
    // cluster answered with another.
    template <typename Body>
    Result<Body> ask_for(wire::Request request, Duration longer = Duration::zero());

    // From now on Ctrl-C does not end the process: interrupted() becomes true, and an ask() under way
    // returns cancelled.
    void catch_interrupts();
    bool interrupted() const { return interrupted_; }
    // Runs the loop until `done()` holds or the time has come; true if it holds.
    bool run_until(Callback<bool()> done, Instant deadline);

    Env& env() { return env_; }
    os::OsEnv& os() { return *os_; }
    client::Client& client() { return *client_; }
    Duration timeout() const { return timeout_; }

private:
    explicit Session(std::unique_ptr<os::OsEnv> os);
    Result<void> find_listener(const std::vector<Endpoint>& endpoints);

    std::unique_ptr<os::OsEnv> os_;
    Env env_;
    Duration timeout_;
    bool interrupted_ = false;
    std::unique_ptr<client::Client> client_;
    std::unique_ptr<os::StopSignals> signals_;
};

// An operation on a queue known by name.
template <typename Operation>
wire::Request on_queue(const std::string& queue_name, Operation operation) {
    wire::Request request;
    request.queue_name = queue_name;
    request.operation = std::move(operation);
    return request;
}

template <typename Body>
Result<Body> Session::ask_for(wire::Request request, Duration longer) {
    Result<wire::Response> response = ask(std::move(request), longer);
    if (!response) return fail(std::move(response.error()));
    if (Body* body = std::get_if<Body>(&response->body)) return std::move(*body);
    return fail(ErrorCode::protocol_error, "the cluster's answer belongs to another operation");
}

}  // namespace quern::cli
