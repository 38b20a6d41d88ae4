#include "system/cli/dev_files.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "system/cli/client_file.h"
#include "system/cli/dev_record.h"
#include "system/cli/private_file.h"

namespace quern::cli {

namespace {

namespace fs = std::filesystem;

constexpr uint64_t restart_bytes = 300ull << 20;  // nodes refuse sends with less

Failure not_usable(const std::string& directory, const std::error_code& error) {
    const bool denied = error == std::errc::permission_denied ||
                        error == std::errc::read_only_file_system;
    return fail(denied ? ErrorCode::permission_denied : ErrorCode::not_found,
                fmt::format("cannot use directory {}: {}", directory, error.message()));
}

// The directory itself, or the nearest one above that exists.
fs::path existing_part(fs::path path) {
    std::error_code ignored;
    while (!fs::exists(path, ignored) && path.has_parent_path() && path != path.parent_path())
        path = path.parent_path();
    return path;
}

Result<void> check_writable(const std::string& directory) {
    const fs::path there = existing_part(directory);
    std::error_code error;
    if (!fs::is_directory(there, error)) {
        return fail(ErrorCode::not_found, fmt::format("{} is not a directory", there.string()));
    }
    if (::access(there.c_str(), W_OK | X_OK) == 0) return {};
    return fail(ErrorCode::permission_denied,
                fmt::format("directory {} cannot be written", there.string()));
}

Result<void> check_space(const DevCluster& cluster) {
    std::error_code error;
    const fs::space_info space = fs::space(existing_part(cluster.directory), error);
    if (error) return not_usable(cluster.directory, error);
    const uint64_t needed = cluster.fresh ? cluster.nodes * dev_node_bytes : restart_bytes;
    if (space.available >= needed) return {};
    return fail(Error(ErrorCode::no_space,
                      fmt::format("{} {} {} MiB free in {}, but {} MiB are", cluster.nodes,
                                  cluster.nodes == 1 ? "node needs" : "nodes need", needed >> 20,
                                  cluster.directory, space.available >> 20),
                      static_cast<int64_t>(needed), static_cast<int64_t>(space.available)));
}

Result<void> check_unchanged(const DevRequest& request, const DevCluster& cluster) {
    if (request.nodes != 0 && request.nodes != cluster.nodes) {
        return fail(Error(ErrorCode::invalid_argument,
                          fmt::format("{} holds a cluster of {} nodes, not {}; leave --nodes out, or "
                                      "choose another --data",
                                      cluster.directory, cluster.nodes, request.nodes)));
    }
    if (request.port != 0 && request.port != cluster.port) {
        return fail(Error(ErrorCode::invalid_argument,
                          fmt::format("{} holds a cluster at port {}, not {}; leave --port out, or "
                                      "choose another --data",
                                      cluster.directory, cluster.port, request.port)));
    }
    return {};
}

std::string random_hex(Entropy& entropy, int words) {
    std::string text;
    for (int i = 0; i < words; ++i) text += fmt::format("{:016x}", entropy.next());
    return text;
}

Result<void> write_secret_once(const std::string& path, Entropy& entropy) {
    if (fs::exists(path)) return {};
    return write_whole_file(path, random_hex(entropy, 4) + "\n", 0600);
}

}  // namespace

Endpoint DevCluster::client_endpoint(uint32_t node) const {
    return {"127.0.0.1", static_cast<uint16_t>(port + node - 1)};
}
Endpoint DevCluster::peer_endpoint(uint32_t node) const {
    return {"127.0.0.1", static_cast<uint16_t>(port + nodes + node - 1)};
}
Endpoint DevCluster::admin_endpoint(uint32_t node) const {
    return {"127.0.0.1", static_cast<uint16_t>(port + 2 * nodes + node - 1)};
}
std::string DevCluster::config_file(uint32_t node) const {
    return fmt::format("{}/node{}.toml", directory, node);
}
std::string DevCluster::log_file(uint32_t node) const {
    return fmt::format("{}/node{}.log", directory, node);
}
std::string DevCluster::secret_file() const { return directory + "/admin.secret"; }
std::string DevCluster::client_file() const { return directory + "/client.toml"; }

Result<DevCluster> inspect_dev_directory(const DevRequest& request) {
    DevCluster cluster;
    std::error_code error;
    cluster.directory = fs::absolute(request.directory, error).lexically_normal().string();
    if (error) return not_usable(request.directory, error);
    if (cluster.directory.size() > 1 && cluster.directory.ends_with('/'))
        cluster.directory.pop_back();
    Result<void> writable = check_writable(cluster.directory);
    if (!writable) return fail(std::move(writable.error()));

    const std::string record = cluster.directory + "/dev.toml";
    if (fs::exists(record, error)) {
        cluster.fresh = false;
        Result<void> read = read_dev_record(record, cluster);
        if (read) read = check_unchanged(request, cluster);
        if (!read) return fail(std::move(read.error()));
    } else {
        for (const fs::directory_entry& entry : fs::directory_iterator(cluster.directory, error)) {
            // What an earlier start that was broken off left behind may be there.
            const std::string name = entry.path().filename().string();
            if (name == "cluster.secret" || name == "admin.secret" || name.ends_with(".new")) continue;
            return fail(ErrorCode::data_foreign,
                        fmt::format("{} holds other files ({}) and no cluster of `quern dev`; choose "
                                    "an empty or new directory with --data",
                                    cluster.directory, name));
        }
        if (request.nodes != 0) cluster.nodes = request.nodes;
        if (request.port != 0) cluster.port = request.port;
    }
    if (cluster.port + 3 * cluster.nodes > 65536) {
        return fail(Error(ErrorCode::invalid_argument, "the port leaves no room for all nodes",
                          65536 - 3 * static_cast<int64_t>(cluster.nodes), cluster.port));
    }
    Result<void> space = check_space(cluster);
    if (!space) return fail(std::move(space.error()));
    return cluster;
}

Result<void> write_dev_files(DevCluster& cluster, Entropy& entropy) {
    std::error_code error;
    fs::create_directories(cluster.directory, error);
    if (error) return not_usable(cluster.directory, error);
    while (!cluster.id) cluster.id = ClusterId{entropy.next(), entropy.next()};
    Result<void> done = write_secret_once(cluster.directory + "/cluster.secret", entropy);
    if (done) done = write_secret_once(cluster.secret_file(), entropy);
    ClientFile client{{}, "admin", cluster.secret_file()};
    for (uint32_t node = 1; done && node <= cluster.nodes; ++node) {
        done = write_whole_file(cluster.config_file(node), node_config(cluster, node), 0640);
        client.endpoints.push_back(cluster.client_endpoint(node).to_string());
    }
    if (done) done = write_whole_file(cluster.client_file(), to_toml(client), 0640);
    if (done && cluster.fresh) {
        done = write_whole_file(cluster.directory + "/dev.toml", dev_record(cluster), 0640);
    }
    return done;
}

std::string last_log_line(const DevCluster& cluster, uint32_t node) {
    constexpr std::streamoff tail_bytes = 4096;
    std::ifstream log(cluster.log_file(node), std::ios::binary | std::ios::ate);
    const std::streamoff size = log.tellg();
    if (size <= 0) return "(nothing in its log)";
    log.seekg(std::max<std::streamoff>(0, size - tail_bytes));
    std::string line;
    std::string last;
    while (std::getline(log, line)) {
        if (!line.empty()) last = line;
    }
    return last;
}

}  // namespace quern::cli
