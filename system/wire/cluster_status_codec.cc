#include "system/wire/client_codec_internal.h"

namespace quern::wire {

namespace {

Offset<fb::NodeStatus> make_status(FlatBufferBuilder& builder,
                                   const ClusterStatusResponse::Node& node) {
    const auto record = make_node(builder, node.record);
    return fb::CreateNodeStatus(builder, record, node.reachable);
}

ClusterStatusResponse::Node read_status(Reader& reader, const fb::NodeStatus* from) {
    return {read_node(reader, from->record()), from->reachable()};
}

Offset<fb::GroupSummary> make_summary(FlatBufferBuilder& builder,
                                      const ClusterStatusResponse::Group& group) {
    const auto replicas = builder.CreateVectorOfStructs<fb::ReplicaStatus>(
        group.replicas.size(), [&](size_t i, fb::ReplicaStatus* to) {
            const ClusterStatusResponse::Replica& replica = group.replicas[i];
            *to = fb::ReplicaStatus(replica.applied.value, replica.node.value, replica.leader,
                                    replica.reachable);
        });
    return fb::CreateGroupSummary(builder, group.id.value, group.term.value, group.leader.value,
                                  group.commit.value, replicas);
}

ClusterStatusResponse::Group read_summary(Reader& reader, const fb::GroupSummary* from) {
    ClusterStatusResponse::Group group;
    group.id = GroupId(from->id());
    group.term = Term(from->term());
    group.leader = NodeId(from->leader());
    group.commit = LogIndex(from->commit());
    const size_t size = reader.count(from->replicas());
    for (size_t i = 0; i < size; ++i) {
        const fb::ReplicaStatus& replica = *from->replicas()->Get(Reader::index(i));
        group.replicas.push_back({NodeId(replica.node()), replica.leader(), replica.reachable(),
                                  LogIndex(replica.applied())});
    }
    return group;
}

}  // namespace

EncodedBody make_admin(FlatBufferBuilder& builder, const ClusterStatusResponse& body) {
    const auto nodes = make_tables<fb::NodeStatus>(builder, body.nodes, make_status);
    const auto groups = make_tables<fb::GroupSummary>(builder, body.groups, make_summary);
    const fb::Uuid cluster = make_uuid(body.cluster);
    return {fb::ResponseBody::ClusterStatusResponse,
            fb::CreateClusterStatusResponse(builder, &cluster, body.version.value, body.queues,
                                            body.users, nodes, groups, body.healthy)
                .Union()};
}

ClusterStatusResponse read_cluster_status(Reader& reader, const fb::ClusterStatusResponse& from) {
    ClusterStatusResponse status;
    status.cluster = read_uuid(from.cluster());
    status.version = CatalogueVersion(from.version());
    status.queues = from.queues();
    status.users = from.users();
    status.nodes = reader.tables<ClusterStatusResponse::Node>(from.nodes(), read_status);
    status.groups = reader.tables<ClusterStatusResponse::Group>(from.groups(), read_summary);
    status.healthy = from.healthy();
    return status;
}

}  // namespace quern::wire
