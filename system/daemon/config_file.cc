#include "system/daemon/config_file.h"

#include <fmt/format.h>

#include <charconv>
#include <filesystem>
#include <fstream>

#include "system/daemon/config_reader.h"
#include "system/os/toml_text.h"

namespace quern::daemon {

namespace {

// A file with one line of hexadecimal digits.
std::vector<uint8_t> read_secret(ConfigReader& reader, std::string_view field, const std::string& path) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    std::vector<uint8_t> bytes;
    for (size_t i = 0; i + 1 < line.size(); i += 2) {
        unsigned value = 0;
        auto parsed = std::from_chars(line.data() + i, line.data() + i + 2, value, 16);
        if (parsed.ptr != line.data() + i + 2) break;
        bytes.push_back(static_cast<uint8_t>(value));
    }
    if (bytes.size() != 32) {
        reader.complain(field, fmt::format("names {}, which must hold 64 hexadecimal digits", path));
    }
    return bytes;
}

std::string read_line(ConfigReader& reader, std::string_view field, const std::string& path) {
    std::ifstream file(path);
    std::string line;
    if (!std::getline(file, line)) {
        reader.complain(field, fmt::format("names {}, which cannot be read or is empty", path));
    }
    return line;
}

node::Role parse_role(ConfigReader& reader) {
    const std::string role = reader.text("role", "all");
    if (role == "all") return node::Role::all;
    if (role == "balancer") return node::Role::balancer;
    if (role == "storage") return node::Role::storage;
    reader.complain("role", "must be \"all\", \"balancer\" or \"storage\"");
    return node::Role::all;
}

LogLevel parse_level(ConfigReader& reader) {
    const std::string level = reader.text("log_level", "info");
    if (level == "debug") return LogLevel::debug;
    if (level == "info") return LogLevel::info;
    if (level == "warning") return LogLevel::warning;
    if (level == "error") return LogLevel::error;
    reader.complain("log_level", "must be \"debug\", \"info\", \"warning\" or \"error\"");
    return LogLevel::info;
}

ClusterId parse_cluster(ConfigReader& reader) {
    const std::string text = reader.text("cluster");
    ClusterId id;
    const bool ok = text.size() == 32 &&
                    std::from_chars(text.data(), text.data() + 16, id.high, 16).ptr == text.data() + 16 &&
                    std::from_chars(text.data() + 16, text.data() + 32, id.low, 16).ptr == text.data() + 32;
    if (!ok && !text.empty()) reader.complain("cluster", "must be 32 hexadecimal digits");
    return id;
}

// Of programs for tests alone, as the clock's offset (os/clock_offset.h): storage so small that snapshots are
// written and sent, and segments of the log go, within seconds.
void read_test_fields([[maybe_unused]] ConfigReader& reader, [[maybe_unused]] node::Config& config) {
#ifdef QUERN_CLOCK_OFFSET
    const auto usual_entries = static_cast<int64_t>(config.snapshot_entries);
    const auto usual_kib = static_cast<int64_t>(config.storage.segment_bytes / 1024);
    config.snapshot_entries =
        static_cast<size_t>(reader.number("test_snapshot_entries", 1, 1'000'000, usual_entries));
    const int64_t segment_kib = reader.number("test_segment_kib", 64, 1 << 20, usual_kib);
    config.storage.segment_bytes = static_cast<uint64_t>(segment_kib) * 1024;
#endif
}

Result<std::vector<metadata::NodeRecord>> parse_nodes(const std::string& path,
                                                      const toml::table& table) {
    std::vector<metadata::NodeRecord> nodes;
    const toml::array* list = table["nodes"].as_array();
    if (list == nullptr) return fail(ErrorCode::invalid_argument, path + ": [[nodes]] is missing");
    for (const toml::node& item : *list) {
        const toml::table* entry = item.as_table();
        if (entry == nullptr) return fail(ErrorCode::invalid_argument, path + ": nodes must be tables");
        ConfigReader reader(path + ": [[nodes]]", *entry);
        metadata::NodeRecord node;
        node.id = NodeId(static_cast<uint32_t>(reader.number("id", 1, 1'000'000)));
        node.host = reader.text("host");
        node.peer_port = static_cast<uint16_t>(reader.number("peer_port", 1, 65535));
        node.client_port = static_cast<uint16_t>(reader.number("client_port", 0, 65535, 0));
        reader.complain_of_others();
        if (!reader.problem.empty()) return fail(ErrorCode::invalid_argument, reader.problem);
        nodes.push_back(std::move(node));
    }
    return nodes;
}

}  // namespace

Result<DaemonConfig> load_config(const std::string& path) {
    if (!std::filesystem::exists(path)) {
        return fail(ErrorCode::not_found, "the configuration file " + path + " does not exist");
    }
    Result<std::string> text = os::read_toml_text(path);
    if (!text) return fail(std::move(text.error()));
    toml::parse_result parsed = toml::parse(*text, path);
    if (!parsed) {
        return fail(ErrorCode::invalid_argument,
                    fmt::format("{}: line {}: {}", path, parsed.error().source().begin.line,
                                parsed.error().description()));
    }
    const toml::table& table = parsed.table();
    ConfigReader reader(path, table);
    DaemonConfig config;
    config.node.role = parse_role(reader);
    config.node.self = NodeId(static_cast<uint32_t>(reader.number("node", 1, 1'000'000)));
    config.node.cluster = parse_cluster(reader);
    if (config.node.role != node::Role::storage) config.node.client_at = reader.endpoint("client");
    if (config.node.role != node::Role::balancer) config.node.peer_at = reader.endpoint("peer");
    if (table.contains("admin")) config.node.admin_at = reader.endpoint("admin");
    config.node.data_groups = static_cast<uint32_t>(reader.number("data_groups", 1, node::data_groups_max, 4));
    config.node.replication = static_cast<uint32_t>(reader.number("replication", 1, 7, 3));
    config.node.admin_key_id = reader.text("admin_key_id", "admin");
    config.node.cluster_secret = read_secret(reader, "secret_file", reader.text("secret_file"));
    config.node.admin_secret =
        read_line(reader, "admin_secret_file", reader.text("admin_secret_file"));
    config.node.election_timeout =
        Duration::milliseconds(reader.number("election_timeout_ms", 100, 60'000, 1000));
    config.node.heartbeat_interval =
        Duration::milliseconds(reader.number("heartbeat_interval_ms", 10, 10'000, 100));
    read_test_fields(reader, config.node);
    config.data_directory = reader.text("data");
    config.log_level = parse_level(reader);
    config.log_file = reader.text("log_file", "");
    config.wall_uncertainty =
        Duration::milliseconds(reader.number("clock_uncertainty_ms", 1, 10'000, 50));
    Result<std::vector<metadata::NodeRecord>> nodes = parse_nodes(path, table);
    if (!nodes) return fail(std::move(nodes.error()));
    config.node.nodes = std::move(*nodes);
    reader.know("nodes");
    reader.complain_of_others();
    if (!reader.problem.empty()) return fail(ErrorCode::invalid_argument, reader.problem);
    Result<void> valid = node::validate(config.node);
    if (!valid) return fail(ErrorCode::invalid_argument, path + ": " + valid.error().detail);
    return config;
}

}  // namespace quern::daemon
