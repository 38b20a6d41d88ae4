#include "harness/stopped/log_judge.h"

#include <memory>

#include <fmt/format.h>

#include "harness/group_judge.h"

namespace quern::harness {

namespace {

using Judges = std::map<GroupId, std::unique_ptr<GroupJudge>>;

void check_answers(const Judges& judges, const History& history) {
    for (const Operation& op : history.operations) {
        for (const auto& [group, judge] : judges) judge->check_refused(op);
        const auto judge = judges.find(op.at.group);
        if (op.ok() && op.at.index && judge != judges.end()) judge->second->check_answer(op);
    }
}

}  // namespace

std::string logs_text(const StoppedLogs& logs) {
    std::string text;
    for (const auto& [node, log] : logs) {
        for (const auto& [group, of_group] : log.groups()) {
            text += fmt::format("s{} group {}: entries {} to {} (term {}), snapshot {}, term {}, vote s{}\n",
                                node.value, group.value, of_group.base.next().value, of_group.last().value,
                                of_group.term_at(of_group.last()).value, of_group.snapshot.value,
                                of_group.hard_state.term.value, of_group.hard_state.voted_for.value);
        }
    }
    return text;
}

LogFindings judge_logs(const StoppedLogs& logs, const LogJudgeOptions& options, const History& history,
                       Verdict& verdict) {
    LogFindings findings;
    const int64_t now_ns = history.ended_ns;
    for (const auto& [node, log] : logs) {
        for (const std::string& gap : log.gaps()) {
            verdict.add("R10", fmt::format("s{}: {}", node.value, gap), now_ns);
        }
    }
    Effects effects;
    Judges judges;
    for (uint32_t number = 0; number <= options.data_groups; ++number) {
        const GroupId group{number};
        const StoppedLog::Group longest = longest_log(logs, group);
        findings.entries += compare_logs(logs, group, longest, now_ns, verdict);
        if (longest.base) {
            findings.not_followed.push_back(
                fmt::format("group {}: no log reaches back beyond {}", number, longest.base.value));
        } else if (number == 0) {
            effects.created = [made = queues_made(longest, now_ns, verdict)](QueueId queue) {
                const auto found = made.find(queue);
                return found == made.end() ? ClusterTime{} : found->second;
            };
        } else {
            auto judge = std::make_unique<GroupJudge>(group, effects, verdict);
            if (!follow_log(longest, group, now_ns, *judge, verdict)) continue;
            findings.commands += judge->commands();
            judges.emplace(group, std::move(judge));
        }
    }
    check_kept_answers(logs, options.replication, history, verdict);
    check_answers(judges, history);
    return findings;
}

}  // namespace quern::harness
