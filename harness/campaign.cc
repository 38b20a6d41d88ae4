#include "harness/campaign.h"

#include <poll.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>

#include <fmt/format.h>

#include "harness/worker.h"

namespace quern::harness {

namespace {

constexpr size_t cells_an_epoch = 48;

class Campaign {
public:
    Campaign(const CampaignOptions& options, Callback<void(const SeedReport&)> each)
        : options_(options),
          each_(std::move(each)),
          started_ns_(wall_ns()),
          next_(options.first_seed + options.shard) {}

    CampaignResult run() {
        while (next_ <= options_.last_seed && !out_of_time() && !enough()) run_epoch();
        // A campaign that was cut short merges what it has.
        for (const auto& [seed, report] : waiting_) {
            if (!enough()) add(report);
        }
        result_.wall_ns = wall_ns() - started_ns_;
        if (options_.progress) std::fprintf(stderr, "\r\033[K");
        return std::move(result_);
    }

private:
    // All seeds, unless what has been met is to say what comes next.
    void run_epoch() {
        epoch_ = options_;
        if (options_.steer) {
            const uint64_t seeds = std::max<uint64_t>(1, options_.epoch_seeds) - 1;
            epoch_.last_seed = std::min(options_.last_seed, next_ + seeds * options_.shards);
            if (result_.seeds > 0) epoch_.cells = cells_to_aim_at(result_.total.coverage, cells_an_epoch);
            epoch_.weights = weights_towards(epoch_.cells);
        }
        const uint64_t left = (epoch_.last_seed - next_) / options_.shards + 1;
        const uint64_t jobs = std::min<uint64_t>(std::max(options_.jobs, 1u), left);
        for (uint64_t job = 0; job < jobs; ++job) {
            workers_.push_back(std::make_unique<Worker>(epoch_, next_ + job * options_.shards,
                                                        jobs * options_.shards));
        }
        while (!workers_.empty() && !out_of_time() && !enough()) {
            collect();
            merge();
            if (options_.progress) show();
        }
        workers_.clear();
        merge();
    }

    bool enough() const { return options_.stop_at_first && !result_.failed_seeds.empty(); }

    bool out_of_time() const {
        return options_.time_limit_s > 0 &&
               wall_ns() - started_ns_ > options_.time_limit_s * 1'000'000'000;
    }

    void collect() {
        std::vector<pollfd> polled;
        for (const auto& worker : workers_) {
            worker->end_if_late();
            polled.push_back({worker->descriptor(), POLLIN, 0});
        }
        poll(polled.data(), polled.size(), 500);
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
            next_ += options_.shards;
        }
    }

    void add(const SeedReport& report) {
        const size_t shown = result_.failures.size();
        add_report(result_, report, options_);
        if (each_) each_(report);
        if (!options_.progress || result_.failures.size() == shown) return;
        std::fprintf(stderr, "\r\033[K%s", result_.failures.back().c_str());
    }

    void show() {
        const int64_t now = wall_ns();
        if (now - shown_ns_ < 200'000'000) return;
        shown_ns_ = now;
        const uint64_t done = result_.seeds + waiting_.size();
        const uint64_t all = seeds_of_shard(options_);
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
    CampaignOptions epoch_;
    Callback<void(const SeedReport&)> each_;
    int64_t started_ns_;
    int64_t shown_ns_ = 0;
    uint64_t next_;
    std::vector<std::unique_ptr<Worker>> workers_;
    std::map<uint64_t, SeedReport> waiting_;
    CampaignResult result_;
};

}  // namespace

uint64_t seeds_of_shard(const CampaignOptions& options) {
    const uint64_t all = options.last_seed - options.first_seed + 1;
    return all / options.shards + (options.shard < all % options.shards ? 1 : 0);
}

RunPlan plan_of_seed(const CampaignOptions& options, uint64_t seed) {
    RunPlan plan = make_plan(seed, options.faults, options.kind, options.weights);
    for (const CoverageCell& cell : cells_of_seed(seed, options.cells)) add_aim(plan, cell);
    return plan;
}

CampaignResult run_campaign(const CampaignOptions& options,
                            Callback<void(const SeedReport&)> each) {
    return Campaign(options, std::move(each)).run();
}

}  // namespace quern::harness
