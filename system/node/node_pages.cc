#include "system/node/node_pages.h"

#include "system/node/node.h"

namespace quern::node {

std::optional<HttpPage> NodePages::page(const std::string& path) {
    if (path == "/health") return HttpPage{200, HttpPage{}.type, "alive\n"};
    if (path == "/ready") {
        const std::string reason = node_.reason_not_ready();
        if (reason.empty()) return HttpPage{200, HttpPage{}.type, "ready\n"};
        return HttpPage{503, HttpPage{}.type, reason + "\n"};
    }
    if (path != "/metrics") return std::nullopt;
    take_gauges();
    return HttpPage{200, "text/plain; version=0.0.4; charset=utf-8", env_.metrics.to_prometheus()};
}

void NodePages::take_gauges() {
    Metrics& metrics = env_.metrics;
    metrics.gauge("node_ready").set(node_.reason_not_ready().empty() ? 1 : 0);
    if (balancer::Balancer* balancer = node_.balancer()) {
        const balancer::Stats stats = balancer->stats();
        metrics.gauge("balancer_sessions").set(static_cast<int64_t>(stats.sessions));
        metrics.gauge("balancer_requests_in_flight").set(static_cast<int64_t>(stats.inflight));
        metrics.gauge("balancer_polls_parked").set(static_cast<int64_t>(stats.parked));
        metrics.gauge("balancer_catalogue_fresh").set(stats.catalogue_fresh ? 1 : 0);
        metrics.counter("balancer_requests_total").value = stats.requests;
        metrics.counter("balancer_retries_total").value = stats.retries;
    }
    if (node_.storing()) take_storage_gauges();
}

void NodePages::take_storage_gauges() {
    Metrics& metrics = env_.metrics;
    replica::ReplicaHost& host = *node_.host();
    int64_t leading = 0;
    int64_t leaderless = 0;
    int64_t behind = 0;
    int64_t queues = 0;
    for (const auto& [id, group] : host.groups()) {
        if (!group->started()) {
            ++leaderless;
            continue;
        }
        const raft::Status status = group->status();
        leading += status.role == raft::Role::leader ? 1 : 0;
        leaderless += status.leader ? 0 : 1;
        behind += static_cast<int64_t>(status.commit.value - std::min(status.applied, status.commit).value);
        if (const replica::DataReplica* data = host.data(id)) {
            queues += static_cast<int64_t>(data->state().queues().size());
        }
    }
    metrics.gauge("groups").set(static_cast<int64_t>(host.groups().size()));
    metrics.gauge("groups_leading").set(leading);
    metrics.gauge("groups_without_leader").set(leaderless);
    metrics.gauge("group_entries_unapplied").set(behind);
    metrics.gauge("group_queues").set(queues);
    metrics.gauge("catalogue_version").set(static_cast<int64_t>(host.catalogue().version().value));
}

}  // namespace quern::node
