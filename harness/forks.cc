#include "harness/forks.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>

#include <fmt/format.h>

#include "harness/runner.h"
#include "harness/trial.h"
#include "sim/world/draws.h"
#include "system/base/assert.h"

namespace quern::harness {

namespace {

constexpr std::string_view violated_word = "\nfork: violated\n";
constexpr std::string_view passed_word = "\nfork: passed\n";
constexpr std::string_view report_mark = "\nreport: ";

void write_words(int end, std::string_view words) {
    while (!words.empty()) {
        const ssize_t written = write(end, words.data(), words.size());
        if (written <= 0) _exit(3);
        words.remove_prefix(static_cast<size_t>(written));
    }
}

// A process and what it says on its standard error.
class Fork {
public:
    // In the new process `end` is where its words go.
    static std::unique_ptr<Fork> split(int& end) {
        int ends[2];
        QUERN_ASSERT(pipe(ends) == 0);
        std::fflush(nullptr);
        const int process = fork();
        QUERN_ASSERT_MSG(process >= 0, "no process for a fork");
        if (process == 0) {
            close(ends[0]);
            dup2(ends[1], STDERR_FILENO);
            set_assert_hook(nullptr);
            end = ends[1];
            return nullptr;
        }
        close(ends[1]);
        return std::unique_ptr<Fork>(new Fork(process, ends[0]));
    }
    ~Fork() {
        kill(process_, SIGKILL);
        waitpid(process_, nullptr, 0);
        close(read_end_);
    }
    Fork(const Fork&) = delete;
    Fork& operator=(const Fork&) = delete;

    int descriptor() const { return read_end_; }
    bool late(int64_t limit_ns) const { return monotonic_ns() - started_ns_ > limit_ns; }
    const std::string& words() const { return words_; }
    // True once there is nothing more.
    bool read() {
        char buffer[65'536];
        const ssize_t count = ::read(read_end_, buffer, sizeof buffer);
        if (count > 0) words_.append(buffer, static_cast<size_t>(count));
        return count <= 0;
    }

private:
    Fork(int process, int read_end)
        : process_(process), read_end_(read_end), started_ns_(monotonic_ns()) {}
    int process_;
    int read_end_;
    int64_t started_ns_;
    std::string words_;
};

bool shows(const RunResult& result, const std::string& invariant) {
    return std::any_of(result.violations.begin(), result.violations.end(),
                       [&](const Violation& v) { return v.invariant == invariant; });
}

class ForkedRun {
public:
    ForkedRun(Forks& forks, const RunPlan& plan, const std::vector<int64_t>& instants)
        : forks_(forks), plan_(plan), instants_(instants) {
        for (const int64_t at : instants_) points_.push_back({at});
    }

    std::vector<CausalityPoint> run_all() {
        RunOptions options;
        options.stop_at = forks_.invariant;
        options.instants_ns = instants_;
        options.at_instant = [this](size_t i) { return at_instant(i); };
        const RunResult result = run(plan_, std::move(options));
        if (!forked_) return points_;
        write_words(end_, shows(result, forks_.invariant) ? violated_word : passed_word);
        _exit(0);
    }

private:
    // In a fork: the run goes on to its end. In the run itself: to the last instant.
    bool at_instant(size_t i) {
        if (forked_) return false;
        CausalityPoint& point = points_[i];
        uint32_t begun = 0;
        while (point.tries < forks_.tries) {
            while (begun < forks_.tries && running_.size() < forks_.jobs) {
                std::unique_ptr<Fork> fork = Fork::split(end_);
                if (fork == nullptr) {
                    forked_ = true;
                    sim::DrawSalt::set(fork_salt(plan_.seed, i, begun));
                    return false;
                }
                running_.push_back(std::move(fork));
                ++begun;
            }
            wait(point);
        }
        if (forks_.progress) {
            forks_.progress(fmt::format("{:.3f} s: {} of {} forks violate {}",
                                        static_cast<double>(point.at_ns) / 1e9, point.violated,
                                        point.tries, forks_.invariant));
        }
        return i + 1 == points_.size();
    }

    void wait(CausalityPoint& point) {
        std::vector<pollfd> waited;
        for (const auto& fork : running_) waited.push_back({fork->descriptor(), POLLIN, 0});
        poll(waited.data(), waited.size(), 200);
        for (size_t k = running_.size(); k-- > 0;) {
            Fork& fork = *running_[k];
            const bool ended = waited[k].revents != 0 && fork.read();
            const bool late = !ended && fork.late(forks_.one_ns_max);
            if (!ended && !late) continue;
            ++point.tries;
            point.late += late ? 1 : 0;
            point.violated += ended && violates(fork.words()) ? 1 : 0;
            running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(k));
        }
    }

    bool violates(const std::string& words) const {
        if (words.ends_with(violated_word)) return true;
        return !words.ends_with(passed_word) && crash_name(words) == forks_.invariant;
    }

    Forks& forks_;
    const RunPlan& plan_;
    const std::vector<int64_t>& instants_;
    std::vector<CausalityPoint> points_;
    std::vector<std::unique_ptr<Fork>> running_;
    bool forked_ = false;
    int end_ = -1;
};

// The last line, or what a crash has left.
SeedReport report_of(const std::string& words) {
    SeedReport report;
    const size_t mark = words.rfind(report_mark);
    if (mark != std::string::npos && from_line(words.substr(mark + report_mark.size()), report)) {
        return report;
    }
    report = {};
    report.crash = words;
    report.result.violation_count = 1;
    report.result.violations.push_back({crash_name(words), words, 0});
    return report;
}

}  // namespace

Original run_original(const RunPlan& plan) {
    Original original;
    void* page = mmap(nullptr, sizeof(int64_t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    QUERN_ASSERT(page != MAP_FAILED);
    auto* last_event_ns = static_cast<volatile int64_t*>(page);
    int end = -1;
    if (const std::unique_ptr<Fork> fork = Fork::split(end)) {
        while (!fork->read()) {
        }
        original.report = report_of(fork->words());
    } else {
        RunOptions options;
        options.event = [last_event_ns](const sim::EventRecord& event) { *last_event_ns = event.time.ns; };
        SeedReport report;
        report.result = run(plan, std::move(options));
        write_words(end, std::string(report_mark) + to_line(report) + "\n");
        _exit(0);
    }
    original.begun_ns = original.report.result.begun_ns;
    original.last_event_ns = *last_event_ns;
    munmap(page, sizeof(int64_t));
    return original;
}

std::vector<CausalityPoint> Forks::run_all(const RunPlan& plan, const std::vector<int64_t>& instants) {
    return ForkedRun(*this, plan, instants).run_all();
}

}  // namespace quern::harness
