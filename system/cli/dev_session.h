// A running development cluster and this process's view of it: from start to orderly stop.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "system/cli/dev_nodes.h"
#include "system/client/client.h"
#include "system/os/signals.h"

namespace quern::cli {

class DevSession {
public:
    // Checks directory, disk and ports, starts the nodes and waits until the cluster is healthy; tells
    // what it does unless `quiet`. On an error everything is stopped again.
    static Result<std::unique_ptr<DevSession>> start(const DevRequest& request, bool quiet);
    ~DevSession();

    const DevCluster& cluster() const { return cluster_; }
    DevNodes& nodes() { return *nodes_; }
    os::OsEnv& os() { return *os_; }
    Env& env() { return env_; }
    client::Options client_options() const;
    // From the start of the nodes until all was healthy.
    Duration startup_time() const { return startup_time_; }

    // Runs the loop until `done()` holds or Ctrl-C; false if it was interrupted.
    bool run_until(Callback<bool()> done);
    bool interrupted() const { return interrupts_ > 0; }
    // Until all nodes answer and every group has a leader and all its replicas; at most a minute.
    // unavailable: it was not, or a node died (its last words are in the text); cancelled: Ctrl-C.
    Result<void> wait_until_healthy();
    // Follows the cluster's health and tells changes, until Ctrl-C or until the last node has died.
    Result<void> watch();
    // Drains and stops all nodes; a second Ctrl-C, or patience's end, kills them.
    void stop();
    // Asks one node for the cluster's state; none if it does not answer in time.
    std::optional<wire::ClusterStatusResponse> ask_status();

private:
    DevSession(std::unique_ptr<os::OsEnv> os, DevCluster cluster, bool quiet);
    Result<void> bring_up();
    void node_died(uint32_t node, os::ChildExit how);
    void pause(Duration time);

    std::unique_ptr<os::OsEnv> os_;
    Env env_;
    DevCluster cluster_;
    bool quiet_;
    Duration startup_time_;
    int interrupts_ = 0;
    std::string death_;  // how the last node that died ended; empty: none did
    std::unique_ptr<os::StopSignals> signals_;
    std::unique_ptr<DevNodes> nodes_;
    std::unique_ptr<client::Client> client_;
};

}  // namespace quern::cli
