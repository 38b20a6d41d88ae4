#include <cstdio>
#include <memory>

#include <CLI/CLI.hpp>

#include "harness/main/commands.h"
#include "harness/view.h"

namespace quern::harness {

namespace {

struct Arguments {
    PlanSource source;
    std::string out_file = "run.html";
};

int view(const Arguments& a) {
    const auto plan = find_plan(a.source);
    if (!plan) return exit_usage;
    const RunRecord record = record_run(*plan);
    if (!write_text_file(a.out_file, view_page(record))) return exit_usage;
    std::printf("%s: %zu flights, %zu operations, %llu violations\n", a.out_file.c_str(),
                record.flights.size(), record.history.operations.size(),
                static_cast<unsigned long long>(record.result.violation_count));
    return record.result.violation_count == 0 ? 0 : exit_failed;
}

}  // namespace

void add_view_command(CLI::App& app, Command& chosen) {
    auto a = std::make_shared<Arguments>();
    CLI::App* command = app.add_subcommand("view", "Write a run as an HTML page to look at");
    command->footer("Example: quern-sim view 42 -o run.html");
    add_plan_options(*command, a->source);
    command->add_option("-o,--output", a->out_file, "the page")->capture_default_str();
    command->callback([a, &chosen] { chosen = [a] { return view(*a); }; });
}

}  // namespace quern::harness
