// The processes of a development cluster: one quernd a node, started and stopped here. Nothing is
// restarted by itself.
#pragma once

#include <memory>
#include <vector>

#include "system/cli/dev_files.h"
#include "system/os/child_process.h"

namespace quern::cli {

class DevNodes {
public:
    // `died` runs from the loop when a node ends without having been asked to.
    DevNodes(os::OsEnv& os, const DevCluster& cluster,
             Callback<void(uint32_t node, os::ChildExit)> died);
    ~DevNodes();  // kills what still runs

    // address_in_use naming the port and what needs it.
    Result<void> check_ports();
    Result<void> start(uint32_t node);
    Result<void> start_all();
    // SIGKILL, as a power cut would; `died` does not run.
    void kill(uint32_t node);
    // Asks all to drain and stop; running() tells when they have.
    void stop();
    void kill_all();
    size_t running() const;
    bool running(uint32_t node) const;

private:
    struct Node {
        std::unique_ptr<os::ChildProcess> process;
        bool asked_to_end = false;
    };
    Node& at(uint32_t node) { return nodes_[node - 1]; }

    os::OsEnv& os_;
    Env env_;
    const DevCluster& cluster_;
    Callback<void(uint32_t, os::ChildExit)> died_;
    std::vector<Node> nodes_;
};

}  // namespace quern::cli
