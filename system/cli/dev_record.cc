#include "system/cli/dev_record.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "system/os/toml.h"
#include "system/os/toml_text.h"

namespace quern::cli {

namespace {

constexpr int64_t format_version = 1;

std::string id_text(const ClusterId& id) { return fmt::format("{:016x}{:016x}", id.high, id.low); }

bool parse_id(const std::string& text, ClusterId& id) {
    const char* begin = text.data();
    return text.size() == 32 &&
           std::from_chars(begin, begin + 16, id.high, 16).ptr == begin + 16 &&
           std::from_chars(begin + 16, begin + 32, id.low, 16).ptr == begin + 32;
}

std::string to_text(const toml::table& table) {
    std::ostringstream text;
    text << toml::toml_formatter(table) << '\n';
    return std::move(text).str();
}

}  // namespace

Result<void> read_dev_record(const std::string& path, DevCluster& cluster) {
    Result<std::string> text = os::read_toml_text(path);
    if (!text) return fail(std::move(text.error()));
    toml::parse_result parsed = toml::parse(*text, path);
    if (!parsed) {
        return fail(ErrorCode::corrupt,
                    fmt::format("{}: {}", path, parsed.error().description()));
    }
    const toml::table& table = parsed.table();
    const int64_t format = table["format"].value_or(int64_t{0});
    if (format != format_version) {
        return fail(Error(ErrorCode::data_version_unknown,
                          fmt::format("{} was written in format {}, this version knows format {}", path,
                                      format, format_version)));
    }
    const int64_t nodes = table["nodes"].value_or(int64_t{0});
    const int64_t port = table["port"].value_or(int64_t{0});
    const bool ok = parse_id(table["cluster"].value_or(std::string()), cluster.id) && nodes >= 1 &&
                    nodes <= dev_nodes_max && port >= 1 && port <= 65535;
    if (!ok) return fail(ErrorCode::corrupt, path + " does not describe a cluster");
    cluster.nodes = static_cast<uint32_t>(nodes);
    cluster.port = static_cast<uint16_t>(port);
    return {};
}

std::string dev_record(const DevCluster& cluster) {
    return to_text(toml::table{{"format", format_version},
                               {"cluster", id_text(cluster.id)},
                               {"nodes", int64_t{cluster.nodes}},
                               {"port", int64_t{cluster.port}}});
}

std::string node_config(const DevCluster& cluster, uint32_t node) {
    toml::array nodes;
    for (uint32_t i = 1; i <= cluster.nodes; ++i) {
        nodes.push_back(toml::table{{"id", int64_t{i}},
                                    {"host", cluster.client_endpoint(i).host},
                                    {"peer_port", int64_t{cluster.peer_endpoint(i).port}},
                                    {"client_port", int64_t{cluster.client_endpoint(i).port}}});
    }
    return to_text(toml::table{
        {"node", int64_t{node}},
        {"role", "all"},
        {"cluster", id_text(cluster.id)},
        {"client", cluster.client_endpoint(node).to_string()},
        {"peer", cluster.peer_endpoint(node).to_string()},
        {"admin", cluster.admin_endpoint(node).to_string()},
        {"data", fmt::format("{}/node{}", cluster.directory, node)},
        {"secret_file", cluster.directory + "/cluster.secret"},
        {"admin_secret_file", cluster.secret_file()},
        {"replication", int64_t{std::min<uint32_t>(3, cluster.nodes)}},
        {"nodes", std::move(nodes)},
    });
}

}  // namespace quern::cli
