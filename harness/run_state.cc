#include "harness/run_state.h"

#include <fmt/format.h>


namespace quern::harness {

namespace {

std::string_view role_name(raft::Role role) {
    switch (role) {
        case raft::Role::leader: return "leader";
        case raft::Role::follower: return "follower";
        case raft::Role::candidate: return "candidate";
        default: return "pre-candidate";
    }
}

std::string describe_group(GroupId group, const raft::Status& s) {
    std::string text =
        fmt::format("  group {}: {} of term {}, log {}…{}, commit {}, applied {}, durable {}", group.value,
                    role_name(s.role), s.term.value, s.first.value, s.last.value, s.commit.value,
                    s.applied.value, s.persisted.value);
    if (s.leader) text += fmt::format(", leader s{}", s.leader.value);
    if (s.leader_ready) text += ", serves";
    if (s.recovering) text += ", recovering";
    return text + "\n";
}

std::string describe_queues(const replica::DataReplica& data) {
    std::string text;
    for (const QueueId queue : data.state().queues()) {
        const queue::Counters c = data.state().counters(queue);
        text += fmt::format("    queue {}: ready {} delayed {} leased {} bytes {}; sent {} received {} "
                            "deleted {} expired {} purged {} dropped {}\n",
                            queue.value, c.ready, c.delayed, c.leased, c.live_bytes, c.sent, c.received,
                            c.deleted, c.expired, c.purged, c.dropped);
    }
    return text;
}

}  // namespace

std::string describe_state(sim::World& world, sim::Cluster& cluster) {
    std::string text = fmt::format("state at {}, after {} events\n", sim::time_text(world.now()),
                                   world.scheduler().executed());
    for (const sim::Machine* machine : cluster.machines()) {
        text += fmt::format("{}: life {}{}{}\n", machine->name(), machine->life(),
                            machine->running() ? "" : ", not running",
                            machine->running() && cluster.node_on(*machine) == nullptr ? ", no node" : "");
        replica::ReplicaHost* host = cluster.host_on(*machine);
        if (host == nullptr) continue;
        for (const auto& [group, replica] : host->groups()) {
            if (!replica->started()) {
                text += fmt::format("  group {}: not started\n", group.value);
                continue;
            }
            text += describe_group(group, replica->core().status());
            if (const replica::DataReplica* data = host->data(group)) text += describe_queues(*data);
        }
    }
    return text;
}

}  // namespace quern::harness
