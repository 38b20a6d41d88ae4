#include "harness/trial.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>

#include "harness/runner.h"
#include "harness/worker.h"
#include "system/base/assert.h"
#include "system/os/clock.h"

namespace quern::harness {

namespace {

constexpr std::string_view operation_mark = "operation: ";

// One plan in a process.
class Trial {
public:
    Trial(const RunPlan& plan, const std::string& stop_at, bool write_down = false)
        : started_ns_(monotonic_ns()) {
        int ends[2];
        QUERN_ASSERT(pipe(ends) == 0);
        std::fflush(nullptr);
        process_ = fork();
        QUERN_ASSERT_MSG(process_ >= 0, "no process for a trial");
        if (process_ == 0) {
            close(ends[0]);
            work(plan, stop_at, write_down, ends[1]);
        }
        close(ends[1]);
        read_end_ = ends[0];
    }
    ~Trial() {
        if (process_ > 0) {
            kill(process_, SIGKILL);
            waitpid(process_, nullptr, 0);
        }
        close(read_end_);
    }
    Trial(const Trial&) = delete;
    Trial& operator=(const Trial&) = delete;

    int descriptor() const { return read_end_; }
    int64_t started_ns() const { return started_ns_; }
    // Takes what has come; true once the process has ended.
    bool read() {
        char buffer[65'536];
        const ssize_t count = ::read(read_end_, buffer, sizeof buffer);
        if (count > 0) {
            words_.append(buffer, static_cast<size_t>(count));
            return false;
        }
        waitpid(process_, nullptr, 0);
        process_ = -1;
        return true;
    }
    SeedReport report() const {
        SeedReport report;
        const size_t last = words_.rfind('\n', words_.size() - std::min<size_t>(words_.size(), 2));
        const size_t begin = last == std::string::npos ? 0 : last + 1;
        if (from_line(words_.substr(begin), report)) return report;
        report = {};
        report.crash = words_;
        report.result.violation_count = 1;
        report.result.violations.push_back({crash_name(words_), words_, 0});
        return report;
    }

    std::vector<PlannedOperation> operations() const {
        std::vector<PlannedOperation> list;
        for (size_t at = 0; at < words_.size();) {
            const size_t end = std::min(words_.find('\n', at), words_.size());
            const std::string line = words_.substr(at, end - at);
            at = end + 1;
            if (!line.starts_with(operation_mark)) continue;
            if (auto op = PlannedOperation::parse(line.substr(operation_mark.size()))) {
                list.push_back(std::move(*op));
            }
        }
        return list;
    }

private:
    static void write_all(int end, const std::string& text) {
        for (size_t at = 0; at < text.size();) {
            const ssize_t written = write(end, text.data() + at, text.size() - at);
            if (written <= 0) _exit(3);
            at += static_cast<size_t>(written);
        }
    }
    [[noreturn]] static void work(const RunPlan& plan, const std::string& stop_at, bool write_down,
                                  int end) {
        dup2(end, STDERR_FILENO);
        set_assert_hook(nullptr);
        SeedReport report;
        RunOptions options;
        options.stop_at = stop_at;
        if (write_down) {
            options.written = [end](const PlannedOperation& op) {
                write_all(end, std::string(operation_mark) + op.to_string() + "\n");
            };
        }
        report.result = run(plan, std::move(options));
        report.cpu_ns = cpu_time_ns();
        write_all(end, "\n" + to_line(report) + "\n");
        _exit(0);
    }

    int64_t started_ns_;
    int process_ = -1;
    int read_end_ = -1;
    std::string words_;
};

bool shows(const SeedReport& report, const std::string& target) {
    const auto& all = report.result.violations;
    return std::any_of(all.begin(), all.end(),
                       [&](const Violation& v) { return v.invariant == target; });
}

}  // namespace

int64_t monotonic_ns() { return os::SystemClock(Duration::zero()).now().ns; }

std::string crash_name(const std::string& words) {
    const size_t assertion = words.find(": assertion failed: ");
    if (assertion == std::string::npos) return "crash";
    size_t begin = words.rfind('\n', assertion);
    begin = begin == std::string::npos ? 0 : begin + 1;
    const size_t folder = words.rfind('/', assertion);
    if (folder != std::string::npos && folder >= begin) begin = folder + 1;
    return "crash " + words.substr(begin, assertion - begin);
}

std::optional<SeedReport> Trials::run_one(const RunPlan& plan, const std::string& stop_at,
                                          std::vector<PlannedOperation>* written) {
    ++count_;
    Trial trial(plan, stop_at, written != nullptr);
    while (true) {
        const int64_t left = trial.started_ns() + options_.one_ns_max - monotonic_ns();
        if (left <= 0) return std::nullopt;
        pollfd waited{trial.descriptor(), POLLIN, 0};
        if (poll(&waited, 1, static_cast<int>(left / 1'000'000) + 1) > 0 && trial.read()) break;
    }
    if (written != nullptr) *written = trial.operations();
    return trial.report();
}

std::optional<size_t> Trials::first_failing(const std::vector<RunPlan>& plans,
                                            const std::string& target) {
    std::vector<std::string> names;
    for (const RunPlan& plan : plans) names.push_back(target + "\n" + plan.to_short_string());
    std::map<size_t, std::unique_ptr<Trial>> running;
    size_t next = 0;
    size_t best = plans.size();  // the first that is known to fail
    auto settle = [&](size_t at, bool failed) {
        known_[names[at]] = failed;
        if (failed) best = std::min(best, at);
    };
    while (next < best || !running.empty()) {
        // Those behind the best do not matter any more.
        running.erase(running.upper_bound(best), running.end());
        while (next < best && running.size() < options_.jobs && !time_is_up()) {
            const auto known = known_.find(names[next]);
            if (known != known_.end()) {
                settle(next, known->second);
            } else {
                ++count_;
                running.emplace(next, std::make_unique<Trial>(plans[next], target));
            }
            ++next;
        }
        if (running.empty()) break;
        std::vector<pollfd> waited;
        for (const auto& [at, trial] : running) waited.push_back({trial->descriptor(), POLLIN, 0});
        poll(waited.data(), waited.size(), 100);
        size_t i = 0;
        for (auto at = running.begin(); at != running.end(); ++i) {
            Trial& trial = *at->second;
            const bool slow = monotonic_ns() - trial.started_ns() > options_.one_ns_max;
            const bool ended = (waited[i].revents != 0 && trial.read());
            if (ended || slow) settle(at->first, ended && shows(trial.report(), target));
            at = ended || slow ? running.erase(at) : std::next(at);
        }
    }
    return best < plans.size() ? std::optional<size_t>(best) : std::nullopt;
}

}  // namespace quern::harness
