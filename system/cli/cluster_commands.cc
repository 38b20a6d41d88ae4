// quern cluster status|transfer-leader
#include <fmt/format.h>

#include "system/cli/cluster_output.h"
#include "system/cli/command.h"
#include "system/cli/session.h"

namespace quern::cli {

namespace {

void add_status(CLI::App& group, Commands& commands) {
    CLI::App* command =
        commands.add(group, "status", "Show nodes, groups and leaders; fails unless all is healthy",
                     "  quern cluster status\n"
                     "  until quern cluster status > /dev/null; do sleep 1; done\n");
    commands.run(command, [](const GlobalOptions& global) -> Result<int> {
        Result<std::unique_ptr<Session>> session = Session::open(global);
        if (!session) return fail(std::move(session.error()));
        wire::Request request;
        request.operation = wire::ClusterStatusRequest{};
        auto status = (*session)->ask_for<wire::ClusterStatusResponse>(std::move(request));
        if (!status) return fail(std::move(status.error()));
        print_cluster_status(*status, global.json);
        return status->healthy ? 0 : 1;
    });
}

void add_transfer(CLI::App& group, Commands& commands) {
    struct Options {
        uint32_t group = 0;
        uint32_t node = 0;
    };
    auto options = std::make_shared<Options>();
    CLI::App* command = commands.add(group, "transfer-leader", "Make another node lead a group",
                                     "  quern cluster transfer-leader 1 3    node 3 leads group 1\n");
    command->add_option("group", options->group, "as `quern cluster status` shows it")->required();
    command->add_option("node", options->node, "a node with a replica of the group")->required();
    commands.run(command, [options](const GlobalOptions& global) -> Result<int> {
        Result<std::unique_ptr<Session>> session = Session::open(global);
        if (!session) return fail(std::move(session.error()));
        wire::Request request;
        request.operation =
            wire::TransferLeaderRequest{GroupId(options->group), NodeId(options->node)};
        Result<wire::Response> response = (*session)->ask(std::move(request));
        if (!response) return fail(std::move(response.error()));
        const char* format =
            global.json ? "{{\"group\":{},\"leader\":{}}}\n" : "group {}: node {} leads\n";
        fmt::print(fmt::runtime(format), options->group, options->node);
        return 0;
    });
}

}  // namespace

void add_cluster_commands(CLI::App& app, Commands& commands) {
    CLI::App* group = commands.add(app, "cluster", "Look at the cluster, move leaders",
                                   "  quern cluster status\n  quern cluster transfer-leader 1 3\n");
    group->require_subcommand(1);
    add_status(*group, commands);
    add_transfer(*group, commands);
}

}  // namespace quern::cli
