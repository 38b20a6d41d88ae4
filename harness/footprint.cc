#include "harness/footprint.h"

#include "sim/world/disk_damage.h"

namespace quern::harness {

namespace {

void add_files(const sim::Platter& platter, Footprint& footprint) {
    for (const std::string& path : platter.paths()) {
        const uint64_t size = platter.find(path)->size();
        const std::string kind = sim::file_class(path);
        if (kind == "wal") footprint.log_bytes += size;
        if (kind == "snapshots") footprint.snapshot_bytes += size;
        if (kind == "bodies") footprint.body_bytes += size;
    }
}

}  // namespace

Footprint footprint_of(sim::Cluster& cluster, const sim::Machine& machine) {
    Footprint footprint;
    replica::ReplicaHost* host = cluster.host_on(machine);
    if (host == nullptr) return footprint;
    add_files(machine.disk().platter(), footprint);
    for (const auto& [id, group] : host->groups()) {
        if (!group->started()) continue;
        const replica::DataReplica* data = host->data(id);
        if (data == nullptr) continue;
        footprint.memory_bytes += data->state().memory_bytes() - data->state().session_memory_bytes();
        for (const QueueId queue : data->state().queues()) {
            footprint.live_bytes += data->state().counters(queue).live_bytes;
        }
    }
    return footprint;
}

}  // namespace quern::harness
