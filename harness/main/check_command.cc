#include <cstdio>
#include <fstream>
#include <iostream>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "harness/history_json.h"
#include "harness/main/commands.h"

namespace quern::harness {

namespace {

Result<HistoryFile> read_history(std::istream& in) {
    HistoryReader reader;
    std::string text;
    while (std::getline(in, text)) {
        if (auto read = reader.line(text); !read) return fail(read.error().code, read.error().detail);
    }
    return reader.finish();
}

int check_file(const std::string& path) {
    std::ifstream file;
    if (path != "-") {
        file.open(path, std::ios::binary);
        if (!file) {
            std::fprintf(stderr, "%s cannot be read\n", path.c_str());
            return exit_usage;
        }
    }
    const Result<HistoryFile> history = read_history(path == "-" ? std::cin : file);
    if (!history) {
        std::fprintf(stderr, "%s: %s\n", path.c_str(), history.error().detail.c_str());
        return exit_usage;
    }
    Verdict verdict;
    check_history(history->history, history->options, verdict);
    for (const Violation& v : verdict.violations()) {
        fmt::print("VIOLATION {} at {:.6f}: {}\n", v.invariant, static_cast<double>(v.at_ns) / 1e9,
                   v.text);
    }
    fmt::print("{} violations, {} operations{}\n", verdict.count(), history->history.operations.size(),
               history->history.drained ? "" : "; not drained, so nothing is known about losses");
    return verdict.good() ? 0 : exit_failed;
}

}  // namespace

void add_check_command(CLI::App& app, Command& chosen) {
    auto path = std::make_shared<std::string>();
    CLI::App* check = app.add_subcommand("check", "Judge a history, wherever it is from");
    check->footer("Example: quern-sim check history.jsonl\n"
                  "The format: docs/formats/history.md. Exit status: 0 good, 1 violated, 2 not readable.");
    check->add_option("file", *path, "JSON lines; - for standard input")->required();
    check->callback([path, &chosen] { chosen = [path] { return check_file(*path); }; });
}

}  // namespace quern::harness
