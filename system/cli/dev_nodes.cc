#include "system/cli/dev_nodes.h"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <filesystem>

namespace quern::cli {

namespace {

// quernd lies beside this program.
std::string quernd_path() {
    std::error_code error;
    const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
    return error ? "quernd" : (self.parent_path() / "quernd").string();
}

}  // namespace

DevNodes::DevNodes(os::OsEnv& os, const DevCluster& cluster,
                   Callback<void(uint32_t, os::ChildExit)> died)
    : os_(os), env_(os.env()), cluster_(cluster), died_(std::move(died)), nodes_(cluster.nodes) {}

DevNodes::~DevNodes() = default;

Result<void> DevNodes::check_ports() {
    for (uint32_t node = 1; node <= cluster_.nodes; ++node) {
        const std::pair<Endpoint, const char*> wanted[] = {
            {cluster_.client_endpoint(node), "clients"}, {cluster_.peer_endpoint(node), "peers"},
            {cluster_.admin_endpoint(node), "monitoring"}};
        for (const auto& [endpoint, who] : wanted) {
            auto listener = env_.network.listen(endpoint, [](std::unique_ptr<Connection>) {});
            if (listener) continue;
            Error error = std::move(listener.error());
            if (error.code == ErrorCode::address_in_use) {
                error.detail = fmt::format("port {} at {}, needed for node {}'s {}, is in use (another "
                                           "`quern dev`?); --port chooses others for a new cluster",
                                           endpoint.port, endpoint.host, node, who);
            }
            return fail(std::move(error));
        }
    }
    return {};
}

Result<void> DevNodes::start(uint32_t node) {
    os::ChildOptions options;
    options.program = quernd_path();
    options.arguments = {"--config", cluster_.config_file(node)};
    options.output_file = cluster_.log_file(node);
    auto process = os::ChildProcess::start(os_, options, [this, node](os::ChildExit how) {
        if (!at(node).asked_to_end) died_(node, how);
    });
    if (!process) return fail(std::move(process.error()));
    at(node).process = std::move(*process);
    at(node).asked_to_end = false;
    return {};
}

Result<void> DevNodes::start_all() {
    for (uint32_t node = 1; node <= cluster_.nodes; ++node) {
        Result<void> started = start(node);
        if (!started) return started;
    }
    return {};
}

void DevNodes::kill(uint32_t node) {
    if (!running(node)) return;
    at(node).asked_to_end = true;
    at(node).process->signal(SIGKILL);
}

void DevNodes::stop() {
    for (Node& node : nodes_) {
        node.asked_to_end = true;
        if (node.process != nullptr) node.process->signal(SIGTERM);
    }
}

void DevNodes::kill_all() {
    for (uint32_t node = 1; node <= cluster_.nodes; ++node) kill(node);
}

bool DevNodes::running(uint32_t node) const {
    const Node& it = nodes_[node - 1];
    return it.process != nullptr && it.process->running();
}

size_t DevNodes::running() const {
    return static_cast<size_t>(std::count_if(nodes_.begin(), nodes_.end(), [](const Node& node) {
        return node.process != nullptr && node.process->running();
    }));
}

}  // namespace quern::cli
