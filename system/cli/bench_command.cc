// quern bench
#include <fmt/format.h>

#include <cstdio>

#include "system/cli/bench_run.h"
#include "system/cli/command.h"
#include "system/cli/session.h"

namespace quern::cli {

void add_bench_command(CLI::App& app, Commands& commands) {
    auto options = std::make_shared<BenchOptions>();
    CLI::App* command =
        commands.add(app, "bench", "Measure a cluster under load, on a queue of its own",
                     "  quern bench\n"
                     "  quern bench --operation send --in-flight 1 --size 1KiB\n"
                     "  quern bench --operation cycle --in-flight 64 --seconds 30 --verify --json\n");
    command->add_option("--operation", options->operation, "what is measured: send, receive, cycle")
        ->check(CLI::IsMember({"send", "receive", "cycle"}))
        ->capture_default_str();
    command->add_option("--in-flight", options->in_flight, "requests under way at a time, 1 to 4096")
        ->check(CLI::Range(1, 4096))
        ->capture_default_str();
    add_bytes(command, "--size", options->size_bytes, "of a body, up to 1MiB; default 1KiB");
    command->add_option("--producers", options->producers, "clients that send, 1 to 256")
        ->check(CLI::Range(1, 256))
        ->capture_default_str();
    command->add_option("--consumers", options->consumers, "clients that receive, 1 to 256")
        ->check(CLI::Range(1, 256))
        ->capture_default_str();
    command->add_option("--seconds", options->seconds, "to measure, after a second of warming up")
        ->check(CLI::Range(1, 86'400))
        ->capture_default_str();
    command->add_option("--batch", options->batch, "messages in a send, 1 to 1000")
        ->check(CLI::Range(1, 1000))
        ->capture_default_str();
    command->add_option("--receive-batch", options->receive_batch, "at most in a receive, 1 to 1000")
        ->check(CLI::Range(1, 1000))
        ->capture_default_str();
    command->add_flag("--verify", options->verify,
                      "then receive all that was acked; fail if a message is missing or came twice");
    commands.run(command, [options](const GlobalOptions& global) -> Result<int> {
        Result<std::unique_ptr<Session>> session = Session::open(global);
        if (!session) return fail(std::move(session.error()));
        (*session)->catch_interrupts();
        return run_bench(**session, *options, global);
    });
}

}  // namespace quern::cli
