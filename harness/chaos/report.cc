#include "harness/chaos/report.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace quern::harness::chaos {

namespace {

using Json = nlohmann::ordered_json;

constexpr size_t told_max = 5;  // violations of a round

std::string faults_text(const std::array<uint64_t, trouble_count>& faults) {
    std::string text;
    for (size_t i = 0; i < faults.size(); ++i) {
        if (faults[i] == 0) continue;
        text += fmt::format("{}{} {}", text.empty() ? "" : ", ", faults[i],
                            trouble_name(static_cast<Trouble>(i)));
    }
    return text.empty() ? "no faults" : text;
}

std::string logs_text(const LogFindings& logs) {
    std::string text = fmt::format("{} commands", logs.commands);
    if (logs.snapshots > 0) text += fmt::format(" and {} snapshots", logs.snapshots);
    text += " in logs";
    if (!logs.not_followed.empty()) text += fmt::format(" ({} cut)", logs.not_followed.size());
    return text;
}

std::string verdict_text(const RoundResult& round) {
    if (round.interrupted) return "interrupted";
    if (round.good()) return "good";
    if (round.violation_count > 0) return fmt::format("{} VIOLATIONS", round.violation_count);
    return "the test itself failed";
}

Json to_json(const RoundResult& round) {
    Json out = {{"seed", round.seed}, {"good", round.good()}, {"interrupted", round.interrupted},
                {"ms", round.took_ms}};
    for (size_t kind = 0; kind < op_kind_count; ++kind) {
        Json outcomes;
        for (size_t outcome = 0; outcome < op_outcome_count; ++outcome) {
            if (round.operations[kind][outcome] == 0) continue;
            outcomes[op_outcome_name(static_cast<OpOutcome>(outcome))] = round.operations[kind][outcome];
        }
        if (!outcomes.empty()) out["operations"][op_kind_name(static_cast<OpKind>(kind))] = outcomes;
    }
    out["faults"] = Json::object();
    for (size_t i = 0; i < trouble_count; ++i) {
        if (round.faults[i] > 0) out["faults"][trouble_name(static_cast<Trouble>(i))] = round.faults[i];
    }
    out["violations"] = Json::array();
    for (const Violation& v : round.violations) {
        out["violations"].push_back({{"invariant", v.invariant}, {"text", v.text}, {"at_ns", v.at_ns}});
    }
    out["logs"] = {{"entries", round.logs.entries}, {"commands", round.logs.commands},
                   {"snapshots", round.logs.snapshots},
                   {"not_followed", round.logs.not_followed}};
    out["problems"] = round.problems;
    return out;
}

}  // namespace

bool Campaign::good() const {
    return std::all_of(rounds.begin(), rounds.end(), [](const RoundResult& round) { return round.good(); });
}

uint64_t Campaign::violation_count() const {
    uint64_t count = 0;
    for (const RoundResult& round : rounds) count += round.violation_count;
    return count;
}

std::array<uint64_t, trouble_count> Campaign::faults() const {
    std::array<uint64_t, trouble_count> sum{};
    for (const RoundResult& round : rounds) {
        for (size_t i = 0; i < trouble_count; ++i) sum[i] += round.faults[i];
    }
    return sum;
}

std::string Campaign::never_struck(const std::set<Trouble>& troubles) const {
    const auto struck = faults();
    std::string names;
    for (const Trouble trouble : troubles) {
        if (struck[static_cast<size_t>(trouble)] > 0) continue;
        names += (names.empty() ? "" : ", ") + std::string(trouble_name(trouble));
    }
    return names;
}

std::string round_text(size_t number, const RoundResult& round) {
    return fmt::format("round {} seed {}: {} operations ({} ok, {} fail, {} info), {}; {}; {}.{} s: {}\n",
                       number, round.seed, round.operation_count(), round.outcome_count(OpOutcome::ok),
                       round.outcome_count(OpOutcome::fail), round.outcome_count(OpOutcome::info),
                       faults_text(round.faults), logs_text(round.logs), round.took_ms / 1000,
                       round.took_ms / 100 % 10, verdict_text(round));
}

std::string failure_text(const RoundResult& round, const RoundOptions& options) {
    std::string text;
    for (size_t i = 0; i < std::min(round.violations.size(), told_max); ++i) {
        const Violation& v = round.violations[i];
        text += fmt::format("VIOLATION {} at {}.{:06}: {}\n", v.invariant, v.at_ns / 1'000'000'000,
                            v.at_ns / 1'000 % 1'000'000, v.text);
    }
    if (round.violation_count > told_max) {
        text += fmt::format("and {} more\n", round.violation_count - told_max);
    }
    for (const std::string& problem : round.problems) text += "PROBLEM of the test: " + problem + "\n";
    text += "  faults, by the time since the clients began:\n";
    for (const sim::Fault& fault : options.plan.faults.faults) text += "    " + fault.to_string() + "\n";
    const std::string& folder = options.folder;
    text += fmt::format(
        "  judge it again: quern-sim check {0}/history.jsonl\n"
        "  the same in the simulator: quern-sim replay --plan {0}/round.plan\n"
        "  with the operations that were asked: quern-sim replay --plan {0}/asked.plan\n"
        "  what happened when: {0}/story; what the logs held: {0}/logs\n",
        folder);
    const ClusterFiles files{folder};
    for (uint32_t node = 1; node <= options.plan.storage_nodes; ++node) {
        text += fmt::format("  log of {}: {}; {}/node{}.metrics\n", host_name(node),
                            files.log_file(node), folder, node);
    }
    return text;
}

std::string campaign_text(const Campaign& campaign) {
    uint64_t operations = 0;
    size_t good = 0;
    for (const RoundResult& round : campaign.rounds) {
        operations += round.operation_count();
        good += round.good() && !round.interrupted ? 1 : 0;
    }
    return fmt::format("{} of {} rounds good, {} violations; {} operations; {}\n", good,
                       campaign.rounds.size(), campaign.violation_count(), operations,
                       faults_text(campaign.faults()));
}

std::string campaign_json(const Campaign& campaign) {
    Json out = {{"good", campaign.good()}, {"violations", campaign.violation_count()},
                {"skipped", campaign.skipped}, {"rounds", Json::array()}};
    for (const RoundResult& round : campaign.rounds) out["rounds"].push_back(to_json(round));
    return out.dump();
}

}  // namespace quern::harness::chaos
