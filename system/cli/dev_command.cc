// quern dev
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>

#include "system/cli/command.h"
#include "system/cli/dev_session.h"
#include "system/cli/main_job.h"
#include "system/cli/output.h"

namespace quern::cli {

namespace {

struct DevOptions {
    DevRequest request{.directory = "quern-data", .nodes = 0, .port = 0};
    std::string once;
};

// How this program was called: the script of a checkout says so.
std::string program_name() {
    const char* name = std::getenv("QUERN_COMMAND");
    return name == nullptr ? "quern" : name;
}

void print_welcome(const DevCluster& cluster, bool default_directory, Duration took) {
    std::string endpoints;
    std::string pages;
    for (uint32_t node = 1; node <= cluster.nodes; ++node) {
        endpoints += (node == 1 ? "" : ",") + cluster.client_endpoint(node).to_string();
        pages += fmt::format("{}http://{}/metrics", node == 1 ? "" : " ",
                             cluster.admin_endpoint(node).to_string());
    }
    fmt::print("Quern runs: {} nodes, healthy after {}\n", cluster.nodes,
               duration_text(took.to_milliseconds()));
    fmt::print("  endpoints  {}\n  data       {}\n  metrics    {}\n\n",
               endpoints, cluster.directory, pages);
    fmt::print("Try in another terminal{}:\n", default_directory ? ", in the same directory" : "");
    if (!default_directory) {
        fmt::print("  export QUERN_ENDPOINTS={} QUERN_SECRET_FILE='{}'\n", endpoints,
                   cluster.secret_file());
    }
    const std::string program = program_name();
    fmt::print("  {0} queue create jobs && {0} send jobs 'hello'\n  {0} receive jobs --delete\n\n",
               program);
    fmt::print("Ctrl-C stops it; the messages stay.\n");
    std::fflush(stdout);
}

Result<int> dev(const GlobalOptions& global, const DevOptions& options) {
    if (!options.once.empty()) {
        Result<void> readable = check_main_job_file(options.once);
        if (!readable) return fail(std::move(readable.error()));
    }
    const bool quiet = global.json;
    Result<std::unique_ptr<DevSession>> session = DevSession::start(options.request, quiet);
    if (!session) return fail(std::move(session.error()));
    if (!options.once.empty()) {
        Result<int> status = run_main_job(**session, options.once, quiet);
        (*session)->stop();
        return status;
    }
    print_welcome((*session)->cluster(), options.request.directory == "quern-data",
                  (*session)->startup_time());
    Result<void> watched = (*session)->watch();
    fmt::print("\nstopping\n");
    std::fflush(stdout);
    (*session)->stop();
    if (!watched) return fail(std::move(watched.error()));
    fmt::print("stopped; `{} dev` starts it again with all messages\n", program_name());
    return 0;
}

}  // namespace

void add_dev_command(CLI::App& app, Commands& commands) {
    auto options = std::make_shared<DevOptions>();
    CLI::App* command =
        commands.add(app, "dev", "Run a cluster on this machine, until Ctrl-C",
                     "  quern dev\n"
                     "  quern dev --data /tmp/try --nodes 1 --port 7500\n"
                     "  quern dev --once words.txt   send, receive and delete each line, kill a leader\n"
                     "                               half-way, check that nothing is lost, stop\n");
    command->add_option("--data", options->request.directory, "directory for everything it keeps")
        ->capture_default_str()
        ->type_name("DIR");
    command->add_option("--nodes", options->request.nodes, "1 to 7, default 3; fixed once made")
        ->check(CLI::Range(1u, dev_nodes_max));
    command->add_option("--port", options->request.port,
                        "first of three ports for each node, default 7400; fixed once made")
        ->check(CLI::Range(1, 65000));
    command->add_option("--once", options->once, "run the main job on the lines of FILE, then stop")
        ->type_name("FILE");
    commands.run(command,
                 [options](const GlobalOptions& global) { return dev(global, *options); });
}

}  // namespace quern::cli
