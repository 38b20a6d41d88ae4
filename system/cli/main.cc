// quern: the command line tool. Exit status: 0 when all is well, 2 for a wrong command line, 1 for
// everything else.
#include <fmt/format.h>

#include <cstdio>
#include <cstring>

#include "system/base/log.h"
#include "system/cli/command.h"
#include "system/cli/output.h"
#include "system/cli/version.h"

namespace quern::cli {

namespace {

constexpr const char* footer =
    "Examples:\n"
    "  quern dev                                 a cluster of three nodes on this machine\n"
    "  quern queue create jobs                   in another terminal\n"
    "  quern send jobs 'hello'\n"
    "  quern receive jobs --delete\n"
    "\n"
    "Without --endpoint, --key and --secret-file a command uses QUERN_ENDPOINTS (separated by\n"
    "commas), QUERN_KEY and QUERN_SECRET_FILE, or what `quern dev` wrote to ./quern-data.\n"
    "Exit status: 0 done, 1 failed, 2 wrong command line.";

void add_global_options(CLI::App& app, GlobalOptions& options) {
    app.add_option("--endpoint", options.endpoints, "where a balancer listens; may be repeated")
        ->type_name("HOST:PORT")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->check([](const std::string& text) {
            const Result<Endpoint> endpoint = Endpoint::parse(text);
            return endpoint ? std::string() : endpoint.error().detail;
        });
    app.add_option("--key", options.key_id, "access key id");
    app.add_option("--secret-file", options.secret_file, "file with the key's secret")
        ->type_name("FILE");
    app.add_option("--timeout", options.timeout_seconds, "seconds to wait for an answer")
        ->check(CLI::Range(0.1, 3600.0))
        ->capture_default_str();
    app.add_flag("--json", options.json, "answers and errors as JSON, for scripts");
}

bool wants_json(int argc, char** argv) {
    for (int i = 1; i < argc; ++i) {
        if (std::strcmp(argv[i], "--json") == 0) return true;
    }
    return false;
}

// "quern queue create": the command that was understood so far, for its help.
std::string command_path(const CLI::App& app) {
    std::string path = app.get_name();
    for (const CLI::App* level = &app; !level->get_subcommands().empty();) {
        level = level->get_subcommands().front();
        path += " " + level->get_name();
    }
    return path;
}

int complain(const CLI::App& app, const CLI::ParseError& error, bool json) {
    std::string message = error.what();
    // "A subcommand is required" would not say which word was not understood.
    const std::vector<std::string> unknown = app.remaining(true);
    if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::RequiredError) && !unknown.empty()) {
        message = "there is no command '" + printable(unknown.front()) + "'";
    }
    for (char& c : message) {
        if (c == '\n') c = ' ';
    }
    print_usage_error(message, command_path(app) + " --help", json);
    return 2;
}

}  // namespace

int run(int argc, char** argv) {
    CLI::App app{"quern: a distributed message queue", "quern"};
    app.footer(footer);
    app.require_subcommand(1);
    app.set_version_flag("--version", std::string("quern ") + version);
    GlobalOptions options;
    Commands commands;
    add_global_options(app, options);
    add_queue_commands(app, commands);
    add_send_command(app, commands);
    add_receive_commands(app, commands);
    add_user_commands(app, commands);
    add_cluster_commands(app, commands);
    add_bench_command(app, commands);
    add_dev_command(app, commands);
    CLI::App* show_version = commands.add(app, "version", "Show the version", "  quern version\n");
    commands.run(show_version, [](const GlobalOptions& global) -> Result<int> {
        fmt::print(fmt::runtime(global.json ? "{{\"version\":\"{}\"}}\n" : "quern {}\n"), version);
        return 0;
    });
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
        return complain(app, error, wants_json(argc, argv));
    }
    Result<int> status = commands.chosen()(options);
    if (status) return *status;
    print_error(status.error(), options.json);
    return 1;
}

}  // namespace quern::cli

int main(int argc, char** argv) { return quern::cli::run(argc, argv); }
