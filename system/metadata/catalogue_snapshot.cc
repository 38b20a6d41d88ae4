// Layout: docs/formats/catalogue.md.
#include "system/metadata/catalogue_state.h"

namespace quern::metadata {

namespace {

constexpr uint32_t magic = 0x54414351;  // "QCAT" as bytes
constexpr uint16_t format_version = 1;
constexpr int64_t time_ms_max = INT64_MAX / 2;
constexpr size_t checksum_bytes = 4;

template <typename Map>
void write_records(ByteWriter& writer, const Map& records) {
    writer.u64(records.size());
    for (const auto& [key, record] : records) {
        write_record(writer, record);
        writer.cut();
    }
}

// Whether `record_version` was given by the catalogue at `version`.
bool was_given(CatalogueVersion record_version, CatalogueVersion version) {
    return record_version && record_version <= version;
}

// Records stand in the order of their keys, so that a state has one encoding only.
template <typename Map>
bool follows(const Map& records, const typename Map::key_type& key) {
    return records.empty() || records.rbegin()->first < key;
}

bool read_nodes(ByteReader& reader, CatalogueState& state) {
    const uint64_t count = reader.count(limits::nodes_max);
    for (uint64_t i = 0; i < count; ++i) {
        NodeRecord node = read_node(reader);
        if (!reader.ok() || !was_given(node.version, state.version)) return false;
        if (!follows(state.nodes, node.id)) return false;
        state.nodes.emplace(node.id, std::move(node));
    }
    return reader.ok();
}

bool read_groups(ByteReader& reader, CatalogueState& state) {
    const uint64_t count = reader.count(limits::groups_max);
    for (uint64_t i = 0; i < count; ++i) {
        GroupRecord group = read_group(reader);
        if (!reader.ok() || !was_given(group.version, state.version)) return false;
        if (!follows(state.groups, group.id)) return false;
        if (group.id != metadata_group) {
            state.active_in_group.emplace(group.id, 0);
            state.groups_by_load.emplace(0, group.id);
        }
        state.groups.emplace(group.id, std::move(group));
    }
    return reader.ok();
}

bool read_users(ByteReader& reader, CatalogueState& state) {
    const uint64_t count = reader.count(state.bounds.users_max);
    for (uint64_t i = 0; i < count; ++i) {
        UserRecord user = read_user(reader);
        if (!reader.ok() || !was_given(user.version, state.version)) return false;
        if (!follows(state.users, user.name)) return false;
        for (const AccessKey& key : user.keys) {
            if (state.key_owners.contains(key.id)) return false;
        }
        state.add_user(std::move(user));
    }
    return reader.ok();
}

bool read_queues(ByteReader& reader, CatalogueState& state) {
    const uint64_t count = reader.count(state.bounds.queues_max);
    for (uint64_t i = 0; i < count; ++i) {
        QueueRecord queue = read_queue(reader);
        if (!reader.ok() || !follows(state.queues, queue.id)) return false;
        if (!was_given(queue.version, state.version) || queue.id.value > queue.version.value) {
            return false;
        }
        if (!state.active_in_group.contains(queue.group)) return false;
        const bool active = queue.state == QueueStateKind::active;
        if (active && state.names.contains(queue.name)) return false;
        state.add_queue(std::move(queue));
    }
    return reader.ok();
}

bool read_header(ByteReader& reader, CatalogueState& state) {
    if (reader.u32() != magic || reader.u16() != format_version || reader.u16() != 0) return false;
    state.index = LogIndex(reader.u64());
    state.time = ClusterTime{reader.i64()};
    state.cluster.high = reader.u64();
    state.cluster.low = reader.u64();
    state.version = CatalogueVersion(reader.u64());
    state.policy_version = CatalogueVersion(reader.u64());
    state.rolling.set(reader.u64());
    return reader.ok() && state.time.ms >= 0 && state.time.ms <= time_ms_max &&
           state.policy_version <= state.version;
}

}  // namespace

std::vector<Buffer> CatalogueState::snapshot(size_t chunk_bytes) const {
    ByteWriter writer(chunk_bytes);
    writer.u32(magic);
    writer.u16(format_version);
    writer.u16(0);
    writer.u64(index.value);
    writer.i64(time.ms);
    writer.u64(cluster.high);
    writer.u64(cluster.low);
    writer.u64(version.value);
    writer.u64(policy_version.value);
    writer.u64(rolling.value());
    write_records(writer, nodes);
    write_records(writer, groups);
    write_records(writer, users);
    write_records(writer, queues);
    sessions.write(writer);
    return std::move(writer).finish();
}

bool CatalogueState::restore(const std::vector<Buffer>& chunks) {
    BufferChain chain;
    for (const Buffer& chunk : chunks)
        chain.append(chunk);
    const Buffer all = chain.flatten();
    if (all.size() < checksum_bytes) return false;
    const ByteSpan content = all.span().first(all.size() - checksum_bytes);
    ByteReader trailer(all.span().last(checksum_bytes));
    if (trailer.u32() != crc32c(content)) return false;

    ByteReader reader(content);
    if (!read_header(reader, *this)) return false;
    if (!read_nodes(reader, *this) || !read_groups(reader, *this)) return false;
    if (!read_users(reader, *this) || !read_queues(reader, *this)) return false;
    if (!sessions.read(reader, time) || !reader.at_end()) return false;
    changes.restart(version);
    return find_contradiction().empty();
}

uint64_t CatalogueState::state_hash() const {
    RollingHash hash;
    for (const Buffer& chunk : snapshot(1024 * 1024))
        hash.add(chunk.span());
    return hash.value();
}

}  // namespace quern::metadata
