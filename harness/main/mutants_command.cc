#include "harness/main/mutants_command.h"

#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <iterator>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "harness/main/program_beside.h"
#include "harness/planted_switch.h"

namespace quern::harness {

namespace {

constexpr int exit_failed = 1;
constexpr int exit_usage = 2;

// Returns only if it cannot be started.
void hand_over(char** argv) {
    const std::string planted = planted_program();
    execv(planted.c_str(), argv);
    std::fprintf(stderr, "%s cannot be started; build it\n", planted.c_str());
}

constexpr std::string_view table_begins = "<!-- planted bugs begin -->\n";
constexpr std::string_view table_ends = "<!-- planted bugs end -->";

// Puts the table between its marks; false if the file or its marks are missing.
bool write_table(const std::string& path, const std::string& table) {
    std::ifstream in(path);
    std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    const size_t begin = text.find(table_begins);
    const size_t end = text.find(table_ends);
    if (begin == std::string::npos || end == std::string::npos || end < begin) return false;
    const size_t from = begin + table_begins.size();
    text.replace(from, end - from, "\n" + table + "\n");
    return static_cast<bool>(std::ofstream(path) << text);
}

}  // namespace

MutantsCommand::MutantsCommand(CLI::App& app)
    : command_(app.add_subcommand("mutants", "Hunt planted bugs: which are caught, how fast")) {
    command_->footer("Example: quern-sim mutants --bugs ack_before_sync,commit_of_old_term --jobs 2");
    command_->add_option("--bugs", names_, "which; all if not given")->delimiter(',');
    command_->add_option("--campaigns", options_.campaigns, "for each bug")->capture_default_str();
    command_->add_option("--seeds-max", options_.seeds_max, "of a campaign")->capture_default_str();
    command_->add_option("--first-seed", options_.first_seed, "of the first campaign")
        ->capture_default_str();
    command_->add_option("--shrink", options_.shrink_seconds,
                         "look for the smallest plan of a failing seed, so many seconds for each bug");
    command_->add_option("--jobs", options_.jobs, "processes")->capture_default_str();
    command_->add_flag("--json", json_, "one JSON object");
    command_->add_flag("--markdown", markdown_, "a table for docs/testing.md");
    command_->add_option("--into", into_, "write the table between its marks in this file");
    command_->add_flag("--list", list_, "only tell which bugs there are");
}

bool MutantsCommand::parsed() const { return command_->parsed(); }

int MutantsCommand::run(char** argv) {
    if (list_) {
        for (const PlantedBugInfo& info : planted_bugs) {
            fmt::print("{:<34} {:<9} {}\n", info.name, info.room, info.story);
        }
        return 0;
    }
    if (!planted_bugs_built()) {
        hand_over(argv);
        return exit_failed;
    }
    for (const std::string& name : names_) {
        const PlantedBug bug = planted_bug_named(name);
        if (bug == PlantedBug::none) {
            std::fprintf(stderr, "--bugs: there is no planted bug %s; see --list\n", name.c_str());
            return exit_usage;
        }
        options_.bugs.push_back(bug);
    }
    if (names_.empty()) {
        for (const PlantedBugInfo& info : planted_bugs) options_.bugs.push_back(info.bug);
    }
    options_.progress = true;
    options_.plant = plant;
    const std::vector<MutantResult> results = run_mutants(options_);
    fmt::print("{}\n", json_       ? mutants_to_json(results)
                       : markdown_ ? mutants_to_markdown(results)
                                   : mutants_to_text(results));
    if (!into_.empty() && !write_table(into_, mutants_to_markdown(results))) {
        std::fprintf(stderr, "%s: no place for the table\n", into_.c_str());
        return exit_usage;
    }
    for (const MutantResult& result : results) {
        if (!result.found()) return exit_failed;
    }
    return 0;
}

bool plant_named(const std::string& name) {
    const PlantedBug bug = planted_bug_named(name);
    if (bug == PlantedBug::none || !planted_bugs_built()) {
        std::fprintf(stderr, "--bug %s: %s\n", name.c_str(),
                     bug == PlantedBug::none ? "there is no such planted bug"
                                             : "only quern-sim-planted has planted bugs");
        return false;
    }
    plant(bug);
    return true;
}

}  // namespace quern::harness
