#include "harness/worker.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>

#include "system/base/assert.h"
#include "system/base/prng.h"
#include "system/os/clock.h"

namespace quern::harness {

namespace {

constexpr size_t last_words_max = 4'096;
constexpr uint64_t verify_key = 0x7665726966790000;

std::vector<std::string> aims_of(const CampaignOptions& options, uint64_t seed) {
    std::vector<std::string> names;
    for (const CoverageCell& cell : cells_of_seed(seed, options.cells)) names.push_back(cell.to_string());
    return names;
}

SeedReport run_seed(const CampaignOptions& options, uint64_t seed) {
    SeedReport report;
    const int64_t before = cpu_time_ns();
    const RunPlan plan = plan_of_seed(options, seed);
    report.aims = aims_of(options, seed);
    report.weights = options.weights.to_string();
    report.result = run(plan);
    report.cpu_ns = cpu_time_ns() - before;
    report.verified = mix64(seed ^ verify_key) % 100 < options.verify_per_cent;
    if (report.verified) {
        const RunResult again = run(plan);
        if (again.trace_hash != report.result.trace_hash) {
            ++report.result.violation_count;
            report.result.violations.push_back(
                {"R16", "the same seed gave another run the second time", 0});
        }
    }
    return report;
}

}  // namespace

int64_t cpu_time_ns() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    auto ns = [](const timeval& t) { return int64_t{t.tv_sec} * 1'000'000'000 + t.tv_usec * 1'000; };
    return ns(usage.ru_utime) + ns(usage.ru_stime);
}

int64_t wall_ns() { return os::SystemClock(Duration::zero()).now().ns; }

Worker::Worker(const CampaignOptions& options, uint64_t first, uint64_t step)
    : options_(options), next_(first), step_(step) {
    spawn();
}

Worker::~Worker() { stop(); }

void Worker::spawn() {
    late_seed_ = 0;
    waited_since_ns_ = wall_ns();
    int results[2];
    int words[2];
    QUERN_ASSERT(pipe(results) == 0 && pipe(words) == 0);
    std::fflush(nullptr);
    process_ = fork();
    QUERN_ASSERT_MSG(process_ >= 0, "no process for a worker");
    if (process_ == 0) {
        close(results[0]);
        close(words[0]);
        fcntl(words[1], F_SETFL, O_NONBLOCK);
        dup2(words[1], STDERR_FILENO);
        work(results[1]);
    }
    close(results[1]);
    close(words[1]);
    read_end_ = results[0];
    words_end_ = words[0];
    fcntl(words_end_, F_SETFL, O_NONBLOCK);  // what is too much is lost
}

void Worker::work(int write_end) {
    for (uint64_t seed = next_; seed <= options_.last_seed; seed += step_) {
        const std::string line = to_line(run_seed(options_, seed)) + "\n";
        size_t at = 0;
        while (at < line.size()) {
            const ssize_t written = write(write_end, line.data() + at, line.size() - at);
            if (written <= 0) _exit(3);
            at += static_cast<size_t>(written);
        }
    }
    _exit(0);
}

void Worker::take_lines(std::vector<SeedReport>& reports) {
    size_t end = 0;
    while ((end = pending_.find('\n')) != std::string::npos) {
        SeedReport report;
        if (from_line(pending_.substr(0, end), report)) {
            next_ = report.result.seed + step_;
            waited_since_ns_ = wall_ns();
            reports.push_back(std::move(report));
        }
        pending_.erase(0, end + 1);
    }
}

bool Worker::read(std::vector<SeedReport>& reports) {
    char buffer[65'536];
    const ssize_t count = ::read(read_end_, buffer, sizeof buffer);
    if (count > 0) {
        pending_.append(buffer, static_cast<size_t>(count));
        take_lines(reports);
        return true;
    }
    reap(reports);
    if (next_ > options_.last_seed) return false;
    spawn();
    return true;
}

// The process has closed its pipe: it is done, or it died of the seed whose result did not come.
void Worker::reap(std::vector<SeedReport>& reports) {
    int status = 0;
    waitpid(process_, &status, 0);
    process_ = -1;
    std::string words(last_words_max, '\0');
    const ssize_t count = ::read(words_end_, words.data(), words.size());
    words.resize(count > 0 ? static_cast<size_t>(count) : 0);
    close(read_end_);
    close(words_end_);
    read_end_ = words_end_ = -1;
    pending_.clear();
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
    if (late_seed_ != 0 && late_seed_ != next_) return;  // its result came after all
    SeedReport report;
    report.aims = aims_of(options_, next_);
    report.weights = options_.weights.to_string();
    report.result.seed = next_;
    report.result.violation_count = 1;
    if (late_seed_ != 0) {
        report.crash = fmt::format("not done after {} s on the wall", options_.seed_limit_s);
    } else {
        report.crash = fmt::format("the process died ({} {}): {}",
                                   WIFSIGNALED(status) ? "signal" : "status",
                                   WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), words);
    }
    report.result.violations.push_back({late_seed_ != 0 ? "time-out" : "crash", report.crash, 0});
    reports.push_back(std::move(report));
    next_ += step_;
}

void Worker::end_if_late() {
    const int64_t taken_ns = wall_ns() - waited_since_ns_;
    if (late_seed_ != 0 || taken_ns <= options_.seed_limit_s * 1'000'000'000) return;
    late_seed_ = next_;
    kill(process_, SIGKILL);
}

void Worker::stop() {
    if (process_ < 0) return;
    kill(process_, SIGKILL);
    waitpid(process_, nullptr, 0);
    close(read_end_);
    close(words_end_);
    process_ = -1;
}

}  // namespace quern::harness
