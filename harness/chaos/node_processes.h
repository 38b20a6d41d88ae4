// The nodes of a round: one quernd each. What ends without having been made to is told, and started again
// a second later, as an init system would.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "harness/chaos/cluster_files.h"
#include "harness/chaos/real_scene.h"
#include "system/os/child_process.h"

namespace quern::harness::chaos {

class NodeProcesses {
public:
    struct Options {
        std::string program;  // quernd-chaos
        std::string planted_bug;  // for a program that has them; empty: none
    };
    // A node ended, or could not be started, though nothing here made it.
    using Ended = Callback<void(uint32_t node, const std::string& how)>;

    // All must outlive this object.
    NodeProcesses(RealScene& scene, Hosts& hosts, const ClusterFiles& files, uint32_t nodes,
                  Options options, Ended ended);
    ~NodeProcesses();  // kills what still runs

    void start_all();
    // Several faults may hold a node down or still; it goes on when all have let go.
    void take_down(uint32_t node);  // SIGKILL
    void bring_up(uint32_t node);
    void halt(uint32_t node);  // SIGSTOP
    void go_on(uint32_t node);
    // Before a node starts, e.g. for what a power loss does to its disk.
    void set_before_start(Callback<void(uint32_t node)> before) { before_start_ = std::move(before); }
    // Lets all go: whatever is down is started.
    void heal();
    // SIGTERM to all; true once all have ended.
    void stop_all();
    bool all_ended() const;
    bool running(uint32_t node) const;
    uint32_t count() const { return static_cast<uint32_t>(nodes_.size()); }

private:
    struct Node {
        std::unique_ptr<os::ChildProcess> process;
        int down = 0;
        int halted = 0;
        bool expected = false;  // its end
    };
    Node& at(uint32_t node) { return nodes_[node - 1]; }
    void start(uint32_t node);
    void ended(uint32_t node, const std::string& how);
    std::vector<std::string> command(uint32_t node) const;

    RealScene& scene_;
    Hosts& hosts_;
    const ClusterFiles& files_;
    Options options_;
    Ended ended_;
    Callback<void(uint32_t)> before_start_;
    std::vector<Node> nodes_;
    std::map<uint32_t, uint64_t> restarts_;  // timers
    bool stopping_ = false;
};

}  // namespace quern::harness::chaos
