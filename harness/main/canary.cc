#include "harness/main/canary.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>

#include <fmt/format.h>

#include "harness/main/program_beside.h"

namespace quern::harness {

namespace {

// Each is caught within a few seeds, each by another part of the harness: what leaves a node against its
// disk, the reference model, what clients were told.
constexpr std::array<const char*, 3> bugs = {"ack_before_sync", "counter_drift",
                                             "receipt_without_epoch"};
constexpr uint64_t seeds_max = 60;

// The exit status, or -1.
int run_quietly(const std::string& program, const std::string& bug, const std::string& seeds) {
    std::fflush(nullptr);
    const pid_t child = fork();
    if (child == 0) {
        const int nowhere = open("/dev/null", O_WRONLY);
        dup2(nowhere, STDOUT_FILENO);
        dup2(nowhere, STDERR_FILENO);
        execl(program.c_str(), program.c_str(), "run", "--bug", bug.c_str(), "--seeds", seeds.c_str(),
              "--stop-at-first", nullptr);
        _exit(127);
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status)) return -1;
    return WEXITSTATUS(status);
}

}  // namespace

Canary run_canary(uint64_t first_seed) {
    const std::string bug = bugs[first_seed % bugs.size()];
    const std::string seeds = fmt::format("{}..{}", first_seed, first_seed + seeds_max - 1);
    const int status = run_quietly(planted_program(), bug, seeds);
    Canary canary;
    canary.failed = status == 1;
    if (canary.failed) {
        canary.words = fmt::format("canary: the planted bug {} was caught", bug);
    } else if (status == 0) {
        canary.words = fmt::format("VOID: the planted bug {} was not caught in seeds {}", bug, seeds);
    } else {
        canary.words = fmt::format("VOID: {} cannot run; build it, or say --no-canary",
                                   planted_program());
    }
    return canary;
}

}  // namespace quern::harness
