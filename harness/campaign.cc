#include "harness/campaign.h"

#include <poll.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>

#include <fmt/format.h>

#include "harness/worker.h"
#include "system/os/clock.h"

namespace quern::harness {

namespace {

constexpr size_t failures_shown_max = 20;
constexpr size_t violations_shown_max = 3;

// For rates and limits; nothing of a run depends on it.
int64_t wall_ns() { return os::SystemClock(Duration::zero()).now().ns; }

std::string describe(const SeedReport& report, const CampaignOptions& options) {
    std::string text;
    const auto& violations = report.result.violations;
    for (size_t i = 0; i < violations.size() && i < violations_shown_max; ++i) {
        text += fmt::format("seed {}: {} at {:.3f} s: {}\n", report.result.seed,
                            violations[i].invariant, static_cast<double>(violations[i].at_ns) / 1e9,
                            violations[i].text);
    }
    if (report.result.violation_count > violations_shown_max) {
        text += fmt::format("  … and {} more\n", report.result.violation_count - violations_shown_max);
    }
    return text + "  replay: " + replay_command(report.result.seed, options.faults, options.kind) + "\n";
}

template <typename Array>
void add_counts(Array& into, const Array& from) {
    for (size_t i = 0; i < into.size(); ++i) into[i] += from[i];
}

class Campaign {
public:
    explicit Campaign(const CampaignOptions& options)
        : options_(options), started_ns_(wall_ns()), next_(options.first_seed) {}

    CampaignResult run() {
        const uint64_t count = options_.last_seed - options_.first_seed + 1;
        const uint64_t jobs = std::clamp<uint64_t>(options_.jobs, 1, count);
        for (uint64_t job = 0; job < jobs; ++job) {
            workers_.push_back(std::make_unique<Worker>(options_, options_.first_seed + job, jobs));
        }
        while (!workers_.empty() && !out_of_time() && !enough()) {
            collect();
            merge();
            if (options_.progress) show();
        }
        workers_.clear();
        merge();
        // A campaign that was cut short merges what it has.
        for (const auto& [seed, report] : waiting_) {
            if (!enough()) add(report);
        }
        result_.wall_ns = wall_ns() - started_ns_;
        if (options_.progress) std::fprintf(stderr, "\r\033[K");
        return std::move(result_);
    }

private:
    bool enough() const { return options_.stop_at_first && !result_.failed_seeds.empty(); }

    bool out_of_time() const {
        return options_.time_limit_s > 0 &&
               wall_ns() - started_ns_ > options_.time_limit_s * 1'000'000'000;
    }

    void collect() {
        std::vector<pollfd> polled;
        for (const auto& worker : workers_) polled.push_back({worker->descriptor(), POLLIN, 0});
        if (poll(polled.data(), polled.size(), 500) <= 0) return;
        std::vector<SeedReport> reports;
        for (size_t i = polled.size(); i-- > 0;) {
            if (polled[i].revents == 0) continue;
            if (!workers_[i]->read(reports)) {
                workers_.erase(workers_.begin() + static_cast<std::ptrdiff_t>(i));
            }
        }
        for (SeedReport& report : reports) {
            const uint64_t seed = report.result.seed;
            waiting_.emplace(seed, std::move(report));
        }
    }

    // In the order of seeds.
    void merge() {
        while (!waiting_.empty() && waiting_.begin()->first == next_ && !enough()) {
            add(waiting_.begin()->second);
            waiting_.erase(waiting_.begin());
            ++next_;
        }
    }

    void add(const SeedReport& report) {
        const RunResult& r = report.result;
        ++result_.seeds;
        result_.cpu_ns += report.cpu_ns;
        result_.simulated_ns += r.simulated_ns;
        result_.events += r.events;
        result_.violations += r.violation_count;
        result_.trace_hash.add(r.trace_hash);
        RunResult& total = result_.total;
        for (size_t i = 0; i < op_kind_count; ++i) add_counts(total.operations[i], r.operations[i]);
        add_counts(total.faults, r.faults);
        add_counts(total.fault_points, r.fault_points);
        total.elections += r.elections;
        total.deep_checks += r.deep_checks;
        total.promises_checked += r.promises_checked;
        total.commands_judged += r.commands_judged;
        if (r.violation_count == 0) return;
        if (result_.failed_seeds.empty() && !r.violations.empty()) {
            result_.first_invariant = r.violations.front().invariant;
            result_.first_text = r.violations.front().text;
        }
        result_.failed_seeds.push_back(r.seed);
        if (result_.failures.size() >= failures_shown_max) return;
        result_.failures.push_back(describe(report, options_));
        if (options_.progress) std::fprintf(stderr, "\r\033[K%s", result_.failures.back().c_str());
    }

    void show() {
        const int64_t now = wall_ns();
        if (now - shown_ns_ < 200'000'000) return;
        shown_ns_ = now;
        const uint64_t done = result_.seeds + waiting_.size();
        const uint64_t all = options_.last_seed - options_.first_seed + 1;
        const double seconds = static_cast<double>(now - started_ns_) / 1e9;
        const double rate = static_cast<double>(done) / std::max(seconds, 0.001);
        const double left = rate > 0 ? static_cast<double>(all - done) / rate : 0;
        std::fprintf(stderr, "\r\033[K%s",
                     fmt::format("{}/{} seeds  {:.1f}/s  {} failed  {:.0f} s left", done, all, rate,
                                 result_.failed_seeds.size(), left)
                         .c_str());
        std::fflush(stderr);
    }

    const CampaignOptions& options_;
    int64_t started_ns_;
    int64_t shown_ns_ = 0;
    uint64_t next_;
    std::vector<std::unique_ptr<Worker>> workers_;
    std::map<uint64_t, SeedReport> waiting_;
    CampaignResult result_;
};

}  // namespace

std::string replay_command(uint64_t seed, bool faults, PlanKind kind) {
    return fmt::format("quern-sim replay {}{}{}", seed, kind == PlanKind::small ? " --shape small" : "",
                       faults ? "" : " --no-faults");
}

CampaignResult run_campaign(const CampaignOptions& options) { return Campaign(options).run(); }

}  // namespace quern::harness
