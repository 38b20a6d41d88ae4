// What `quern dev` keeps in its directory:
//
//   dev.toml          what the cluster is: format, cluster id, nodes, port. Written last, so that a
//                     directory with it is complete
//   cluster.secret    the nodes' common secret, 64 hexadecimal digits, mode 0600
//   admin.secret      of the access key "admin", mode 0600
//   client.toml       how other commands find the cluster (client_file.h)
//   nodeN.toml        quernd's configuration, written anew at every start
//   nodeN/, nodeN.log its data and what it says
#pragma once

#include <string>
#include <vector>

#include "system/base/ids.h"
#include "system/base/result.h"
#include "system/io/entropy.h"
#include "system/io/network.h"

namespace quern::cli {

struct DevCluster {
    std::string directory;  // absolute
    ClusterId id;
    uint32_t nodes = 3;
    uint16_t port = 7400;  // clients of node n: port + n - 1; peers: + nodes; monitoring: + 2 nodes
    bool fresh = true;     // made by this call

    Endpoint client_endpoint(uint32_t node) const;
    Endpoint peer_endpoint(uint32_t node) const;
    Endpoint admin_endpoint(uint32_t node) const;  // health and metrics
    std::string config_file(uint32_t node) const;
    std::string log_file(uint32_t node) const;
    std::string secret_file() const;  // the administrator's
    std::string client_file() const;
};

struct DevRequest {
    std::string directory;
    uint32_t nodes = 0;  // 0: as it is, or 3
    uint16_t port = 0;   // 0: as it is, or 7400
};

constexpr uint32_t dev_nodes_max = 7;
constexpr uint64_t dev_node_bytes = 400ull << 20;  // disk space a new node takes

// Looks at the directory without changing it: the cluster in it, or the one to be made. Errors:
// data_foreign (other files are in it), data_version_unknown, invalid_argument (it holds a cluster of
// other nodes or another port), no_space, permission_denied.
Result<DevCluster> inspect_dev_directory(const DevRequest& request);

// Writes what is missing: secrets are made once, configurations every time.
Result<void> write_dev_files(DevCluster& cluster, Entropy& entropy);

// The last line of a node's log, for error texts.
std::string last_log_line(const DevCluster& cluster, uint32_t node);

}  // namespace quern::cli
