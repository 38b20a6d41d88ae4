// What the nodes of a round need on disk: secrets and a configuration each, in one folder. nodeN.toml,
// nodeN.log (what it says), nodeN.clock (how far its wall clock is off; clock_file.h).
#pragma once

#include <string>

#include "harness/chaos/hosts.h"
#include "harness/run_plan.h"

namespace quern::harness::chaos {

constexpr const char* admin_key_id = "admin";
// The same in every run: nobody but the round's own clients can reach the nodes.
constexpr const char* admin_secret = "c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00";

struct ClusterFiles {
    std::string folder;

    std::string config_file(uint32_t node) const { return named(node, ".toml"); }
    std::string log_file(uint32_t node) const { return named(node, ".log"); }
    std::string clock_file(uint32_t node) const { return named(node, ".clock"); }
    // Where its disk is; may be a mount point.
    std::string disk_folder(uint32_t node) const { return named(node, ""); }
    std::string data_folder(uint32_t node) const { return named(node, "/data"); }

private:
    std::string named(uint32_t node, const char* ending) const {
        return folder + "/node" + std::to_string(node) + ending;
    }
};

// Whether the round's nodes get segments and snapshots as small as the plan's, so that both come and go within
// seconds: every other seed. The others keep the whole log, for who judges it afterwards.
bool small_storage(const RunPlan& plan);

// Writes all of them. io_failed names the file.
Result<void> write_cluster_files(const ClusterFiles& files, const Hosts& hosts, const RunPlan& plan);

Result<void> write_file(const std::string& path, const std::string& text);
// The last lines of a file, for reports.
std::string last_lines(const std::string& path, size_t count);

}  // namespace quern::harness::chaos
