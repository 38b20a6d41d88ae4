// What the product's state machines make of a log: the one place where the harness runs them by itself.
#include <fmt/format.h>

#include "harness/group_judge.h"
#include "harness/stopped/log_judge.h"
#include "system/metadata/catalogue.h"
#include "system/queue/group_state.h"
#include "system/wire/command_codec.h"

namespace quern::harness {

namespace {

void add_undecodable(GroupId group, const raft::Entry& entry, int64_t now_ns, Verdict& verdict) {
    verdict.add("R15", fmt::format("group {}: entry {} does not decode", group.value, entry.index.value), now_ns);
}

}  // namespace

bool follow_log(const StoppedLog::Group& log, GroupId group, int64_t now_ns, GroupJudge& judge, Verdict& verdict) {
    QUERN_ASSERT(!log.base);
    queue::GroupState state;
    wire::CommandBatch batch;
    for (const raft::Entry& entry : log.entries) {
        const bool command = entry.kind == raft::EntryKind::command;
        if (command && !wire::decode_commands(entry.payload, batch)) {
            add_undecodable(group, entry, now_ns, verdict);
            return false;
        }
        state.begin_entry(entry.index, command ? batch.time : ClusterTime{});
        judge.begin(entry.index, state.time(), now_ns);
        if (command) {
            for (const queue::Command& each : batch.commands) {
                judge.command(each, state.apply(each, entry.payload.data()));
            }
        }
        // They grow until they are taken.
        (void)state.take_dead_bodies();
        (void)state.take_ready_queues();
        (void)state.take_dropped_queues();
        judge.end([&state](QueueId queue) { return state.counters(queue); });
    }
    return true;
}

std::map<QueueId, ClusterTime> queues_made(const StoppedLog::Group& log, int64_t now_ns, Verdict& verdict) {
    QUERN_ASSERT(!log.base);
    std::map<QueueId, ClusterTime> made;
    metadata::Catalogue catalogue;
    for (const raft::Entry& entry : log.entries) {
        std::vector<metadata::Command> commands;
        ClusterTime time;
        if (entry.kind == raft::EntryKind::command) {
            auto batch = wire::decode_metadata_commands(entry.payload);
            if (!batch) {
                add_undecodable(GroupId(0), entry, now_ns, verdict);
                break;
            }
            time = batch->time;
            commands = std::move(batch->commands);
        }
        catalogue.begin_entry(entry.index, time);
        for (const metadata::Command& command : commands) {
            const metadata::Reply reply = catalogue.apply(command);
            const auto* queue = std::get_if<metadata::QueueRecord>(&reply.result);
            if (queue != nullptr) made.emplace(queue->id, queue->created);
        }
    }
    return made;
}

}  // namespace quern::harness
