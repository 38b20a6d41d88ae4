#include "harness/mutants.h"

#include <algorithm>
#include <cstdio>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/campaign.h"
#include "harness/shrink.h"

namespace quern::harness {

namespace {

constexpr uint64_t seeds_between_campaigns = 100'000;

template <typename T>
T median(std::vector<T> values) {
    if (values.empty()) return {};
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

struct Hunt {
    bool caught = false;
    uint64_t seeds = 0;
    uint64_t failing_seed = 0;
    double cpu_seconds = 0;
    std::string checker;
};

// A node that stops by an assertion of its own is named by it: by its sentence, or its condition if it has none.
std::string checker_name(const CampaignResult& result) {
    constexpr std::string_view mark = ": assertion failed: ";
    constexpr size_t words_max = 70;
    const size_t at = result.first_text.find(mark);
    if (result.first_invariant != "crash" || at == std::string::npos) return result.first_invariant;
    const size_t from = at + mark.size();
    std::string words = result.first_text.substr(from, result.first_text.find('\n', from) - from);
    if (const size_t sentence = words.find(": "); sentence != std::string::npos) {
        words.erase(0, sentence + 2);
    }
    if (words.size() > words_max) words.resize(words_max);
    return "assertion: " + words;
}

// A seed that fails without the bug as well proves nothing.
bool fails_anyway(const MutantOptions& options, PlantedBug bug, uint64_t seed) {
    options.plant(PlantedBug::none);
    CampaignOptions campaign;
    campaign.verify_per_cent = 0;
    campaign.first_seed = campaign.last_seed = seed;
    const bool failed = !run_campaign(campaign).good();
    options.plant(bug);
    return failed;
}

Hunt hunt(const MutantOptions& options, PlantedBug bug, uint32_t number) {
    const uint64_t first = options.first_seed + number * seeds_between_campaigns;
    CampaignOptions campaign;
    campaign.verify_per_cent = 0;
    campaign.first_seed = first;
    campaign.last_seed = first + options.seeds_max - 1;
    campaign.jobs = options.jobs;
    campaign.stop_at_first = true;
    Hunt found;
    found.seeds = options.seeds_max;
    while (!found.caught && campaign.first_seed <= campaign.last_seed) {
        const CampaignResult result = run_campaign(campaign);
        found.cpu_seconds += static_cast<double>(result.cpu_ns) / 1e9;
        if (result.failed_seeds.empty()) break;
        const uint64_t seed = result.failed_seeds.front();
        campaign.first_seed = seed + 1;
        if (fails_anyway(options, bug, seed)) continue;
        found.caught = true;
        found.failing_seed = seed;
        found.seeds = seed - first + 1;
        found.checker = checker_name(result);
    }
    return found;
}

SmallestPlan smallest_plan(const MutantOptions& options, uint64_t seed) {
    ShrinkOptions wanted;
    wanted.seconds = options.shrink_seconds;
    wanted.jobs = options.jobs;
    const ShrinkResult small = shrink(make_plan(seed, true), std::move(wanted));
    SmallestPlan result;
    result.looked_for = small.failed;
    result.minimal = small.minimal;
    result.faults = small.plan.faults.faults.size() + small.plan.aims.size();
    result.operations = small.plan.operations.size();
    result.seconds = static_cast<double>(small.wall_ns) / 1e9;
    return result;
}

MutantResult try_bug(const MutantOptions& options, const PlantedBugInfo& info) {
    MutantResult result;
    result.info = info;
    std::vector<uint64_t> seeds;
    std::vector<double> cpu;
    std::map<std::string, uint32_t> checkers;
    options.plant(info.bug);
    for (uint32_t number = 0; number < options.campaigns; ++number) {
        const Hunt found = hunt(options, info.bug, number);
        ++result.campaigns;
        result.caught += found.caught ? 1 : 0;
        seeds.push_back(found.seeds);
        cpu.push_back(found.cpu_seconds);
        if (found.caught) ++checkers[found.checker];
        if (found.caught && result.failing_seed == 0) result.failing_seed = found.failing_seed;
        if (options.progress) {
            std::fprintf(stderr, "%s\n",
                         fmt::format("{} campaign {}: {} after {} seeds, {:.1f} CPU s {}", info.name,
                                     number + 1, found.caught ? "caught" : "NOT caught", found.seeds,
                                     found.cpu_seconds, found.checker)
                             .c_str());
        }
    }
    if (options.shrink_seconds > 0 && result.failing_seed != 0) {
        result.smallest = smallest_plan(options, result.failing_seed);
    }
    options.plant(PlantedBug::none);
    result.seeds_median = median(seeds);
    result.cpu_seconds_median = median(cpu);
    uint32_t most = 0;
    for (const auto& [name, count] : checkers) {
        if (count <= most) continue;
        most = count;
        result.checker = name;
    }
    return result;
}

std::string summary(const std::vector<MutantResult>& results) {
    size_t found = 0;
    std::vector<uint64_t> seeds;
    std::vector<uint64_t> faults;
    std::vector<uint64_t> operations;
    size_t minimal = 0;
    for (const MutantResult& r : results) {
        found += r.found() ? 1 : 0;
        seeds.push_back(r.seeds_median);
        if (!r.smallest.looked_for) continue;
        faults.push_back(r.smallest.faults);
        operations.push_back(r.smallest.operations);
        minimal += r.smallest.minimal ? 1 : 0;
    }
    std::string text =
        fmt::format("{} planted bugs, {} caught in every campaign; median of the medians: {} seeds",
                    results.size(), found, median(seeds));
    if (!faults.empty()) {
        text += fmt::format("; smallest plans of {}: median {} faults, {} operations, {} shown to be minimal",
                            faults.size(), median(faults), median(operations), minimal);
    }
    return text;
}

// "2 faults, 5 operations, 12 s": the time it took to find it.
std::string to_words(const SmallestPlan& plan) {
    if (!plan.looked_for) return "–";
    return fmt::format("{} faults, {} operations, {:.0f} s{}", plan.faults, plan.operations, plan.seconds,
                       plan.minimal ? "" : ", time was up");
}

}  // namespace

std::vector<MutantResult> run_mutants(const MutantOptions& options) {
    std::vector<MutantResult> results;
    for (const PlantedBug bug : options.bugs) {
        for (const PlantedBugInfo& info : planted_bugs) {
            if (info.bug == bug) results.push_back(try_bug(options, info));
        }
    }
    return results;
}

std::string mutants_to_text(const std::vector<MutantResult>& results) {
    std::string text = fmt::format("{:<34} {:<9} {:>7} {:<8} {:>6} {:>8}\n", "planted bug", "room",
                                   "caught", "checker", "seeds", "CPU s");
    for (const MutantResult& r : results) {
        text += fmt::format("{:<34} {:<9} {:>5}/{} {:<8} {:>6} {:>8.1f} {}\n", r.info.name,
                            r.info.room, r.caught, r.campaigns, r.checker.empty() ? "-" : r.checker,
                            r.seeds_median, r.cpu_seconds_median,
                            r.smallest.looked_for ? to_words(r.smallest) : "");
    }
    return text + summary(results);
}

std::string mutants_to_json(const std::vector<MutantResult>& results) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const MutantResult& r : results) {
        list.push_back({{"name", r.info.name},
                        {"room", r.info.room},
                        {"caught", r.found()},
                        {"campaigns", r.campaigns},
                        {"campaigns_caught", r.caught},
                        {"checker", r.checker},
                        {"seeds", r.seeds_median},
                        {"cpu_seconds", r.cpu_seconds_median},
                        {"failing_seed", r.failing_seed}});
        if (!r.smallest.looked_for) continue;
        list.back()["smallest"] = {{"faults", r.smallest.faults},
                                   {"operations", r.smallest.operations},
                                   {"seconds", r.smallest.seconds},
                                   {"minimal", r.smallest.minimal}};
    }
    return nlohmann::ordered_json{{"mutants", list}}.dump(2);
}

std::string mutants_to_markdown(const std::vector<MutantResult>& results) {
    std::string text = "| planted bug | room | what it does | caught by | campaigns | seeds | CPU s | smallest plan "
                       "|\n| --- | --- | --- | --- | ---: | ---: | ---: | --- |\n";
    for (const MutantResult& r : results) {
        text += fmt::format("| {} | {} | {} | {} | {}/{} | {} | {:.1f} | {} |\n", r.info.name,
                            r.info.room, r.info.story, r.checker.empty() ? "–" : r.checker, r.caught,
                            r.campaigns, r.seeds_median, r.cpu_seconds_median, to_words(r.smallest));
    }
    return text + "\n" + summary(results) + ".\n";
}

}  // namespace quern::harness
