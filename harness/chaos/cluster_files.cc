#include "harness/chaos/cluster_files.h"

#include <algorithm>
#include <deque>
#include <fstream>

#include <fmt/format.h>

#include "harness/chaos/clock_file.h"

namespace quern::harness::chaos {

namespace {

std::string config_text(const ClusterFiles& files, const Hosts& hosts, const RunPlan& plan,
                        uint32_t node) {
    std::string text = fmt::format(
        "node = {}\n"
        "role = \"all\"\n"
        "cluster = \"{:016x}{:016x}\"\n"
        "client = \"{}\"\n"
        "peer = \"{}\"\n"
        "admin = \"{}\"\n"
        "data = \"{}\"\n"
        "secret_file = \"{}/cluster.secret\"\n"
        "admin_secret_file = \"{}/admin.secret\"\n"
        "admin_key_id = \"{}\"\n"
        "data_groups = {}\n"
        "replication = {}\n"
        "election_timeout_ms = {}\n"
        "heartbeat_interval_ms = {}\n",
        node, uint64_t{0xc4a05}, plan.seed, hosts.client_endpoint(node).to_string(),
        hosts.peer_endpoint(node).to_string(), hosts.admin_endpoint(node).to_string(),
        files.data_folder(node), files.folder, files.folder, admin_key_id, plan.data_groups,
        plan.replication, plan.election_ms, plan.heartbeat_ms);
    if (small_storage(plan)) {
        text += fmt::format("test_snapshot_entries = {}\ntest_segment_kib = {}\n", plan.snapshot_entries,
                            plan.segment_kib);
    }
    for (uint32_t other = 1; other <= plan.storage_nodes; ++other) {
        const Endpoint peer = hosts.peer_endpoint_for_all(other);
        text += fmt::format("[[nodes]]\nid = {}\nhost = \"{}\"\npeer_port = {}\nclient_port = {}\n", other,
                            peer.host, peer.port, hosts.client_endpoint_for_all(other).port);
    }
    return text;
}

}  // namespace

bool small_storage(const RunPlan& plan) { return plan.seed % 2 == 0; }

Result<void> write_file(const std::string& path, const std::string& text) {
    std::ofstream file(path, std::ios::binary);
    file << text;
    file.close();
    if (!file) return fail(ErrorCode::io_failed, path + " cannot be written");
    return {};
}

std::string last_lines(const std::string& path, size_t count) {
    std::ifstream file(path);
    std::deque<std::string> lines;
    std::string line;
    while (std::getline(file, line)) {
        lines.push_back(line);
        if (lines.size() > count) lines.pop_front();
    }
    std::string text;
    for (const std::string& each : lines) text += "    " + each + "\n";
    return text;
}

Result<void> write_cluster_files(const ClusterFiles& files, const Hosts& hosts, const RunPlan& plan) {
    std::string secret;
    for (uint64_t word = 0; word < 4; ++word) secret += fmt::format("{:016x}", plan.seed * 977 + word);
    Result<void> done = write_file(files.folder + "/cluster.secret", secret + "\n");
    if (done) done = write_file(files.folder + "/admin.secret", fmt::format("{}\n", admin_secret));
    for (uint32_t node = 1; done && node <= plan.storage_nodes; ++node) {
        done = write_file(files.config_file(node), config_text(files, hosts, plan, node));
        if (done) done = write_clock_file(files.clock_file(node), 0);
    }
    return done;
}

}  // namespace quern::harness::chaos
