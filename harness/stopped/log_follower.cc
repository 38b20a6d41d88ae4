#include "harness/stopped/log_follower.h"

#include "system/metadata/catalogue.h"
#include "system/queue/group_state.h"
#include "system/wire/command_codec.h"

namespace quern::harness {

namespace {

constexpr size_t chunk_bytes = 1 << 20;

class GroupFollower final : public LogFollower {
public:
    explicit GroupFollower(queue::GroupState state) : state_(std::move(state)) {}

    LogIndex index() const override { return state_.index(); }
    bool apply(const raft::Entry& entry) override {
        const bool command = entry.kind == raft::EntryKind::command;
        if (command && !wire::decode_commands(entry.payload, batch_)) return false;
        state_.begin_entry(entry.index, command ? batch_.time : ClusterTime{});
        if (command) {
            for (const queue::Command& each : batch_.commands) state_.apply(each, entry.payload.data());
        }
        // They grow until they are taken.
        (void)state_.take_dead_bodies();
        (void)state_.take_ready_queues();
        (void)state_.take_dropped_queues();
        return true;
    }
    std::vector<uint8_t> image() const override {
        const std::unique_ptr<queue::FrozenGroup> frozen = state_.freeze();
        std::vector<Buffer> chunks;
        for (Buffer next = frozen->next_chunk(chunk_bytes); !next.empty(); next = frozen->next_chunk(chunk_bytes)) {
            chunks.push_back(std::move(next));
        }
        return joined(chunks);
    }

private:
    queue::GroupState state_;
    wire::CommandBatch batch_;
};

class CatalogueFollower final : public LogFollower {
public:
    explicit CatalogueFollower(metadata::Catalogue catalogue) : catalogue_(std::move(catalogue)) {}

    LogIndex index() const override { return catalogue_.index(); }
    bool apply(const raft::Entry& entry) override {
        wire::MetadataBatch batch;
        if (entry.kind == raft::EntryKind::command) {
            auto decoded = wire::decode_metadata_commands(entry.payload);
            if (!decoded) return false;
            batch = std::move(*decoded);
        }
        catalogue_.begin_entry(entry.index, batch.time);
        for (const metadata::Command& command : batch.commands) catalogue_.apply(command);
        return true;
    }
    std::vector<uint8_t> image() const override { return joined(catalogue_.snapshot(chunk_bytes)); }

private:
    metadata::Catalogue catalogue_;
};

}  // namespace

std::unique_ptr<LogFollower> LogFollower::from_nothing(GroupId group) {
    if (group == GroupId(0)) return std::make_unique<CatalogueFollower>(metadata::Catalogue());
    return std::make_unique<GroupFollower>(queue::GroupState());
}

std::unique_ptr<LogFollower> LogFollower::from_snapshot(GroupId group, const std::vector<Buffer>& chunks) {
    if (group == GroupId(0)) {
        auto catalogue = metadata::Catalogue::restore(chunks);
        return catalogue ? std::make_unique<CatalogueFollower>(std::move(*catalogue)) : nullptr;
    }
    auto state = queue::GroupState::restore(chunks);
    return state ? std::make_unique<GroupFollower>(std::move(*state)) : nullptr;
}

std::vector<uint8_t> joined(const std::vector<Buffer>& chunks) {
    std::vector<uint8_t> bytes;
    for (const Buffer& chunk : chunks) bytes.insert(bytes.end(), chunk.span().begin(), chunk.span().end());
    return bytes;
}

}  // namespace quern::harness
