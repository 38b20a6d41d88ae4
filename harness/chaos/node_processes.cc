#include "harness/chaos/node_processes.h"

#include <algorithm>
#include <csignal>

namespace quern::harness::chaos {

namespace {

constexpr int64_t restart_pause_ns = 1'000'000'000;

}  // namespace

NodeProcesses::NodeProcesses(RealScene& scene, Hosts& hosts, const ClusterFiles& files,
                             uint32_t nodes, Options options, Ended ended)
    : scene_(scene), hosts_(hosts), files_(files), options_(std::move(options)),
      ended_(std::move(ended)), nodes_(nodes) {}

NodeProcesses::~NodeProcesses() {
    for (const auto& [node, timer] : restarts_) scene_.cancel(timer);
}

std::vector<std::string> NodeProcesses::command(uint32_t node) const {
    std::vector<std::string> words = hosts_.enter(node);
    words.insert(words.end(), {"env", "QUERN_CLOCK_OFFSET_FILE=" + files_.clock_file(node)});
    if (!options_.planted_bug.empty()) words.push_back("QUERN_PLANTED_BUG=" + options_.planted_bug);
    words.insert(words.end(), {options_.program, "--config", files_.config_file(node)});
    return words;
}

void NodeProcesses::start_all() {
    for (uint32_t node = 1; node <= count(); ++node) start(node);
}

void NodeProcesses::start(uint32_t node) {
    if (stopping_ || running(node)) return;
    if (before_start_) before_start_(node);
    const std::vector<std::string> words = command(node);
    os::ChildOptions options;
    options.program = words.front();
    options.arguments.assign(words.begin() + 1, words.end());
    options.output_file = files_.log_file(node);
    auto process = os::ChildProcess::start(scene_.os(), options, [this, node](os::ChildExit how) {
        if (!at(node).expected) ended(node, how.to_string());
    });
    at(node).expected = false;
    if (!process) return ended(node, process.error().to_string());
    at(node).process = std::move(*process);
    hosts_.started(node, at(node).process->pid());
    if (scene_.telling()) scene_.tell(host_name(node), "process", "started");
}

void NodeProcesses::ended(uint32_t node, const std::string& how) {
    if (scene_.telling()) scene_.tell(host_name(node), "process", "ended by itself: " + how);
    ended_(node, how);
    restarts_[node] = scene_.at(scene_.now_ns() + restart_pause_ns, 0, node, [this, node] {
        restarts_.erase(node);
        if (at(node).down == 0) start(node);
    });
}

void NodeProcesses::take_down(uint32_t node) {
    ++at(node).down;
    if (!running(node)) return;
    at(node).expected = true;
    at(node).process.reset();  // SIGKILL, and waits for its end
    if (scene_.telling()) scene_.tell(host_name(node), "process", "killed");
}

void NodeProcesses::bring_up(uint32_t node) {
    if (--at(node).down > 0) return;
    start(node);
    if (at(node).halted > 0 && running(node)) at(node).process->signal(SIGSTOP);
}

void NodeProcesses::halt(uint32_t node) {
    if (++at(node).halted == 1 && running(node)) at(node).process->signal(SIGSTOP);
}

void NodeProcesses::go_on(uint32_t node) {
    if (--at(node).halted == 0 && running(node)) at(node).process->signal(SIGCONT);
}

void NodeProcesses::heal() {
    for (uint32_t node = 1; node <= count(); ++node) {
        at(node).down = 0;
        if (at(node).halted > 0 && running(node)) at(node).process->signal(SIGCONT);
        at(node).halted = 0;
        if (!restarts_.contains(node)) start(node);
    }
}

void NodeProcesses::stop_all() {
    stopping_ = true;
    for (Node& node : nodes_) {
        node.expected = true;
        if (node.process != nullptr) node.process->signal(SIGTERM);
    }
}

bool NodeProcesses::all_ended() const {
    return std::none_of(nodes_.begin(), nodes_.end(), [](const Node& node) {
        return node.process != nullptr && node.process->running();
    });
}

bool NodeProcesses::running(uint32_t node) const {
    const Node& it = nodes_[node - 1];
    return it.process != nullptr && it.process->running();
}

}  // namespace quern::harness::chaos
