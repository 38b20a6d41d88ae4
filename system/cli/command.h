// How commands are put together: each file of a group adds its subcommands, whose action runs after
// the whole command line was read.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>

#include "system/cli/options.h"

namespace quern::cli {

// The action's result is the exit status when it succeeds (0, or 1 after errors it told itself).
using Action = std::function<Result<int>(const GlobalOptions&)>;

class Commands {
public:
    // A command below `parent`; its action keeps the values of its options.
    // `examples`: lines shown by --help.
    CLI::App* add(CLI::App& parent, const std::string& name, const std::string& description,
                  const std::string& examples);
    void run(CLI::App* command, Action action);
    const Action& chosen() const { return chosen_; }

private:
    Action chosen_;
};

// Options with units; another form is a usage error. The value is kept when the option is not given.
CLI::Option* add_duration(CLI::App* command, const std::string& name, int64_t& milliseconds,
                          const std::string& description);
CLI::Option* add_bytes(CLI::App* command, const std::string& name, int64_t& bytes,
                       const std::string& description);

void add_queue_commands(CLI::App& app, Commands& commands);
void add_send_command(CLI::App& app, Commands& commands);
void add_receive_commands(CLI::App& app, Commands& commands);
void add_user_commands(CLI::App& app, Commands& commands);
void add_cluster_commands(CLI::App& app, Commands& commands);
void add_bench_command(CLI::App& app, Commands& commands);
void add_dev_command(CLI::App& app, Commands& commands);

}  // namespace quern::cli
