// A group that starts from what an earlier life left.
#include <gtest/gtest.h>

#include "sim/world/world.h"
#include "system/replica/group_replica.h"

namespace quern::replica {
namespace {

struct NoState final : StateMachine {
    struct Nothing final : SnapshotSource {
        Buffer next_chunk(size_t) override { return {}; }
        std::vector<BodyRef> next_bodies(size_t) override { return {}; }
    };
    void apply(const raft::Entry& entry) override { applied = entry.index; }
    std::unique_ptr<SnapshotSource> freeze() override { return std::make_unique<Nothing>(); }
    Result<void> restore(const std::vector<Buffer>&) override { return {}; }
    void flush() override {}
    void status_changed(const raft::Status&) override {}
    LogIndex index() const override { return applied; }
    uint64_t rolling_hash() const override { return 0; }
    LogIndex applied;
};

// One node with one group of which it is the only voter.
class Life final : public GroupHost {
public:
    Life(Env& env, std::unique_ptr<storage::NodeStorage> storage)
        : env_(env), storage_(std::move(storage)),
          outbox_(env, NodeId(1), nullptr, [](NodeId) { return NodeId{}; }) {}

    Result<void> start() {
        GroupReplica::Options options;
        options.raft.group = GroupId(1);
        options.raft.self = NodeId(1);
        options.incarnation = {5, 6};
        options.initial.voters = {NodeId(1)};
        group = std::make_unique<GroupReplica>(*this, options, machine);
        std::vector<storage::RecoveredGroup> recovered = storage_->take_recovered();
        if (recovered.empty()) recovered.emplace_back();
        group->start(std::move(recovered.front()), [this](Result<void> done) { ready = std::move(done); });
        return {};
    }

    Env& env() override { return env_; }
    storage::NodeStorage& storage() override { return *storage_; }
    Outbox& outbox() override { return outbox_; }
    void mark_dirty(GroupReplica&) override {
        env_.loop.post([this] { flush(); });
    }
    void send_snapshot(GroupReplica&, NodeId) override {}
    bool disk_full(NodeId) const override { return false; }
    std::vector<NodeId> peer_nodes() const override { return {}; }
    void ask_peer(NodeId, const wire::RepairRequest&,
                  Callback<void(Result<wire::RepairReply>)>) override {}
    void storage_failed(const Error& error) override { ready = fail(error); }
    void status_changed(GroupReplica&) override {}
    void doubt_links() override {}
    NodeId self() const override { return NodeId(1); }
    ReplicaObserver* observer() override { return nullptr; }

    NoState machine;
    Result<void> ready = fail(ErrorCode::cancelled);

private:
    void flush() {
        group->clear_dirty();
        std::vector<storage::GroupChange> changes;
        std::vector<Completion> completions;
        group->collect(changes, completions);
        if (!changes.empty()) {
            storage_->write(std::move(changes), [this, completions = std::move(completions)](
                                                    Result<void> written) mutable {
                if (!written) return;
                for (Completion& completion : completions) completion.group->persisted(completion);
            });
        }
        group->apply_some();
    }

    Env& env_;
    std::unique_ptr<storage::NodeStorage> storage_;
    Outbox outbox_;

public:
    std::unique_ptr<GroupReplica> group;  // before what it refers to
};

struct Restart : testing::Test {
    sim::World world{{.seed = 5}};
    sim::Machine& machine = world.add_machine({.name = "n1"});
    storage::Options options;

    void SetUp() override {
        options.segment_bytes = 1 << 20;
        bool formatted = false;
        storage::NodeStorage::format(machine.env(), {0, {1, 2}, {3, 4}, NodeId(1)},
                                     [&](const Result<void>& done) { formatted = done.has_value(); });
        world.run_for(Duration::seconds(1));
        ASSERT_TRUE(formatted);
    }
    std::unique_ptr<Life> live() {
        std::unique_ptr<Life> life;
        storage::NodeStorage::open(machine.env(), options,
                                   [&](Result<std::unique_ptr<storage::NodeStorage>> opened) {
                                       ASSERT_TRUE(opened.has_value()) << opened.error().to_string();
                                       life = std::make_unique<Life>(machine.env(), std::move(*opened));
                                   });
        world.run_for(Duration::seconds(1));
        if (life != nullptr) (void)life->start();
        world.run_for(Duration::seconds(5));
        return life;
    }
};

TEST_F(Restart, configurations_are_read_although_no_payload_is_in_the_cache) {
    std::unique_ptr<Life> first = live();
    ASSERT_NE(first, nullptr);
    ASSERT_TRUE(first->ready.has_value());
    ASSERT_EQ(first->group->status().role, raft::Role::leader);
    ASSERT_TRUE(first->group->propose(Buffer::copy_of("something")).has_value());
    world.run_for(Duration::seconds(1));
    const LogIndex applied = first->machine.applied;
    EXPECT_GE(applied, LogIndex(2));
    first.reset();

    options.payload_cache_bytes = 0;
    std::unique_ptr<Life> second = live();
    ASSERT_NE(second, nullptr);
    ASSERT_TRUE(second->ready.has_value()) << second->ready.error().to_string();
    EXPECT_EQ(second->group->configuration().voters, std::vector<NodeId>{NodeId(1)});
    EXPECT_EQ(second->group->status().role, raft::Role::leader);
    EXPECT_GE(second->machine.applied, applied);
}

}  // namespace
}  // namespace quern::replica
