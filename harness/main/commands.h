// The subcommands of quern-sim that stand in files of their own. Each adds itself to the command line and,
// if it was given there, puts what it does into `chosen`; that returns the exit status.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "harness/run_plan.h"

namespace CLI {
class App;
}

namespace quern::harness {

constexpr int exit_failed = 1;
constexpr int exit_usage = 2;

using Command = std::function<int()>;

// Where a plan is from: exactly one of a seed (not 0) and a file.
struct PlanSource {
    uint64_t seed = 0;
    std::string file;
    bool no_faults = false;
    std::vector<std::string> aims;  // KIND@STATE, beside those of the plan
    std::string weights;            // of a steered campaign (SwarmWeights); of a seed alone
    PlanKind kind = PlanKind::swarm;
};
// `seed`, --plan, --no-faults, --shape, --aim, --weigh.
void add_plan_options(CLI::App& command, PlanSource& source);
void add_shape_option(CLI::App& command, PlanKind& kind);
// Says on stderr what is wrong.
std::optional<RunPlan> find_plan(const PlanSource& source);
// The whole of a file, or nothing.
std::optional<std::string> read_text_file(const std::string& path);
// False, and a word on stderr, if it cannot be written.
bool write_text_file(const std::string& path, const std::string& text);

void add_replay_command(CLI::App& app, Command& chosen);
void add_shrink_command(CLI::App& app, Command& chosen);
void add_check_command(CLI::App& app, Command& chosen);
void add_merge_command(CLI::App& app, Command& chosen);
void add_causality_command(CLI::App& app, Command& chosen);
void add_view_command(CLI::App& app, Command& chosen);

}  // namespace quern::harness
