// quern-chaos: rounds of the simulator's workload and checkers against real quernd processes.
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <sstream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "harness/chaos/abilities.h"
#include "harness/chaos/delay_line.h"
#include "harness/chaos/own_mounts.h"
#include "harness/chaos/report.h"
#include "harness/chaos/round_plan.h"
#include "system/os/signals.h"

namespace quern::harness::chaos {

namespace {

namespace fs = std::filesystem;

constexpr int exit_failed = 1;
constexpr int exit_usage = 2;

struct RunCommand {
    uint32_t rounds = 20;
    int64_t seconds = 30;
    uint64_t seed = 1;
    uint32_t nodes = 3;
    std::string keep;
    std::string faults = "all";
    std::string program;
    std::string bug;
    bool json = false;
    bool loopback = false;
    bool all_must_strike = false;
};

// quernd-chaos lies beside this program.
std::string beside_this(const char* name) {
    std::error_code error;
    const fs::path self = fs::read_symlink("/proc/self/exe", error);
    return error ? name : (self.parent_path() / name).string();
}

// "kill,pause", "all" or "none"; false, and a word on stderr, if it names something else.
bool parse_troubles(const std::string& text, std::set<Trouble>& troubles) {
    if (text == "none") return true;
    if (text == "all") {
        for (size_t i = 0; i < trouble_count; ++i) troubles.insert(static_cast<Trouble>(i));
        return true;
    }
    std::istringstream names(text);
    std::string name;
    while (std::getline(names, name, ',')) {
        const auto trouble = trouble_from(name);
        if (!trouble) {
            std::string known;
            for (size_t i = 0; i < trouble_count; ++i) {
                known += " " + std::string(trouble_name(static_cast<Trouble>(i)));
            }
            fmt::print(stderr, "quern-chaos: --faults: there is no {}; there are{}\n", name, known);
            return false;
        }
        troubles.insert(*trouble);
    }
    return true;
}

class Runner {
public:
    explicit Runner(const RunCommand& command) : command_(command) {}

    int run() {
        std::set<Trouble> wanted;
        if (!parse_troubles(command_.faults, wanted)) return exit_usage;
        Result<std::unique_ptr<os::OsEnv>> opened = os::OsEnv::open({});
        if (!opened) return complain(opened.error());
        if (!make_folder(base() + "/try")) return exit_failed;
        const Abilities abilities =
            find_abilities(**opened, wanted, base() + "/try", !command_.loopback);
        campaign_.skipped = abilities.skipped;
        for (const std::string& skipped : abilities.skipped) say("skipped: " + skipped + "\n");
        os::StopSignals signals(**opened, [this](int) {
            interrupted_ = true;
            if (round_ != nullptr) round_->interrupt();
        });
        for (uint32_t i = 0; i < command_.rounds && !interrupted_; ++i) {
            if (!one_round(**opened, abilities, i)) return exit_failed;
        }
        std::error_code ignored;
        fs::remove_all(base() + "/try", ignored);
        if (command_.keep.empty()) fs::remove(base(), ignored);
        fmt::print("{}", command_.json ? campaign_json(campaign_) + "\n" : campaign_text(campaign_));
        const std::string never = campaign_.never_struck(abilities.troubles);
        const bool lacks = command_.all_must_strike && !never.empty();
        if (lacks) say("PROBLEM of the test: in no round there was " + never + "\n");
        return campaign_.good() && !interrupted_ && !lacks ? 0 : exit_failed;
    }

private:
    void say(const std::string& text) const {
        fmt::print(command_.json ? stderr : stdout, "{}", text);
        std::fflush(command_.json ? stderr : stdout);
    }
    static int complain(const Error& error) {
        fmt::print(stderr, "quern-chaos: {}\n", error.to_string());
        return exit_failed;
    }

    // What rounds leave behind lies there.
    std::string base() const {
        return command_.keep.empty() ? fmt::format("/tmp/quern-chaos-{}", ::getpid())
                                     : fs::absolute(command_.keep).lexically_normal().string();
    }
    // Empty; false, and a word on stderr, if it cannot be made.
    static bool make_folder(const std::string& folder) {
        std::error_code error;
        fs::remove_all(folder, error);
        fs::create_directories(folder, error);
        if (error) fmt::print(stderr, "quern-chaos: {}: {}\n", folder, error.message());
        return !error;
    }
    RoundResult execute(os::OsEnv& os, const RoundOptions& options) {
        Round round(os, options);
        round_ = &round;
        RoundResult result = round.execute();
        round_ = nullptr;
        return result;
    }

    bool one_round(os::OsEnv& os, const Abilities& abilities, uint32_t number) {
        RoundPlanOptions plan;
        plan.seed = command_.seed + number;
        plan.nodes = command_.nodes;
        plan.length_ms = command_.seconds * 1'000;
        plan.troubles = abilities.troubles;
        RoundOptions options;
        options.plan = make_round_plan(plan);
        options.namespaces = abilities.namespaces;
        options.network = abilities.network;
        options.nodes.program = command_.program;
        options.nodes.planted_bug = command_.bug;
        options.small_disk = abilities.small_disk;
        options.disk_program = abilities.disk_program;
        options.folder = fmt::format("{}/seed-{}", base(), plan.seed);
        if (!make_folder(options.folder)) return false;
        const RoundResult result = execute(os, options);
        say(round_text(number + 1, result));
        if (!result.good()) say(failure_text(result, options));
        std::error_code ignored;
        if (result.good() && command_.keep.empty()) fs::remove_all(options.folder, ignored);
        campaign_.rounds.push_back(result);
        return true;
    }

    const RunCommand& command_;
    Campaign campaign_;
    Round* round_ = nullptr;
    bool interrupted_ = false;
};

void add_run(CLI::App& app, RunCommand& command) {
    CLI::App* run = app.add_subcommand("run", "Run rounds against real nodes, report violations");
    run->footer("Example: quern-chaos run --rounds 20 --seconds 30 --seed 7\n"
                "Exit status: 0 all good, 1 violated or interrupted, 2 wrong command line.");
    run->add_option("--rounds", command.rounds, "how many; round n has seed S + n - 1")
        ->capture_default_str();
    run->add_option("--seconds", command.seconds, "of work and faults in each")
        ->check(CLI::Range(1, 86'400))
        ->capture_default_str();
    run->add_option("--seed", command.seed, "of the first round")->capture_default_str();
    run->add_option("--nodes", command.nodes, "of the cluster")
        ->check(CLI::Range(1, 7))
        ->capture_default_str();
    run->add_option("--faults", command.faults, "all, none, or names with commas between")
        ->capture_default_str();
    run->add_option("--keep", command.keep, "a folder for all that rounds leave behind");
    run->add_option("--program", command.program, "the node to run; usual: quernd-chaos beside this");
    run->add_option("--bug", command.bug, "plant a bug (quernd-planted only)");
    run->add_flag("--loopback", command.loopback, "no namespaces: relays stand in for links");
    run->add_flag("--all-must-strike", command.all_must_strike,
                  "fail unless every fault that this machine allows struck in some round");
    run->add_flag("--json", command.json, "one JSON object, the rest on stderr");
}

int hold_back(const std::vector<std::string>& arguments) {
    const Result<DelayLineOptions> options = parse_delay_line(arguments);
    const Result<void> done = options ? run_delay_line(*options) : fail(options.error());
    fmt::print(stderr, "quern-chaos: {}\n", done.error().to_string());
    return options ? exit_failed : exit_usage;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{"Runs real Quern nodes under faults, with the simulator's workload and checkers."};
    app.require_subcommand(1);
    RunCommand command;
    add_run(app, command);
    std::vector<std::string> line;
    CLI::App* delay_line = app.add_subcommand("delay-line", "Hold packets back (used by `run`)");
    delay_line->add_option("arguments", line)->required();
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : exit_usage;
    }
    if (delay_line->parsed()) return hold_back(line);
    (void)own_mounts();  // without, what needs mounts is skipped
    if (command.program.empty()) command.program = beside_this("quernd-chaos");
    return Runner(command).run();
}

}  // namespace quern::harness::chaos

int main(int argc, char** argv) { return quern::harness::chaos::main(argc, argv); }
