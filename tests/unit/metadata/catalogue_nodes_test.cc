#include "system/metadata/placement.h"
#include "tests/unit/metadata/catalogue_fixture.h"

namespace quern::metadata {
namespace {

class CatalogueNodes : public CatalogueTest {};

TEST_F(CatalogueNodes, nothing_works_before_bootstrap) {
    EXPECT_EQ(error_of(run(make_queue("a"))), ErrorCode::unavailable);
    EXPECT_EQ(error_of(run(Tick{})), ErrorCode::ok);
    EXPECT_EQ(state.version, CatalogueVersion(0));
}

TEST_F(CatalogueNodes, bootstrap_fills_the_catalogue_at_version_one) {
    const UserRecord root = user_of(run(make_bootstrap()));
    EXPECT_EQ(state.version, CatalogueVersion(1));
    EXPECT_EQ(state.cluster, (Uuid{1, 2}));
    EXPECT_EQ(root.id, UserId(1));
    ASSERT_EQ(root.grants.size(), 1u);
    EXPECT_EQ(root.grants[0], (Grant{Effect::allow, all_actions, ""}));
    EXPECT_EQ(state.nodes.size(), 3u);
    EXPECT_EQ(state.groups.size(), 3u);
    EXPECT_EQ(error_of(run(make_bootstrap())), ErrorCode::already_exists);
    EXPECT_EQ(state.version, CatalogueVersion(1));
}

TEST_F(CatalogueNodes, groups_go_round_robin_over_the_storage_nodes) {
    Bootstrap bootstrap = make_bootstrap(6, 5, 3);
    bootstrap.nodes[1].storage = false;  // node 2; storage nodes are 1 3 4 5 6
    run(bootstrap);
    const auto replicas = [&](uint32_t group) { return state.groups.at(GroupId(group)).replicas; };
    const auto ids = [](std::initializer_list<uint32_t> numbers) {
        std::vector<NodeId> nodes;
        for (const uint32_t number : numbers)
            nodes.push_back(NodeId(number));
        return nodes;
    };
    EXPECT_EQ(replicas(0), ids({1, 3, 4, 5, 6}));  // each needs the catalogue
    EXPECT_EQ(replicas(1), ids({3, 4, 5}));
    EXPECT_EQ(replicas(3), ids({1, 5, 6}));
    EXPECT_EQ(replicas(5), ids({1, 3, 4}));
}

TEST_F(CatalogueNodes, fewer_nodes_than_replicas_hold_everything) {
    run(make_bootstrap(1, 1, 3));
    EXPECT_EQ(state.groups.at(GroupId(1)).replicas.size(), 1u);
}

TEST_F(CatalogueNodes, incarnations_differ_by_group_and_seed) {
    std::set<Uuid> seen;
    for (uint32_t group = 0; group < 100; ++group) {
        for (uint64_t seed = 1; seed <= 3; ++seed) {
            EXPECT_TRUE(seen.insert(group_incarnation(Uuid{seed, 9}, GroupId(group))).second);
        }
    }
}

TEST_F(CatalogueNodes, there_may_be_as_many_groups_as_the_limit_says) {
    Bootstrap bootstrap = make_bootstrap();
    bootstrap.data_groups = limits::groups_max - 1;
    EXPECT_EQ(error_of(run(bootstrap)), ErrorCode::ok);
    EXPECT_EQ(state.groups.size(), limits::groups_max);
}

TEST_F(CatalogueNodes, bootstrap_is_validated) {
    const auto refused = [&](auto change) {
        Bootstrap bootstrap = make_bootstrap();
        change(bootstrap);
        return error_of(run(bootstrap)) != ErrorCode::ok && state.version == CatalogueVersion(0);
    };
    EXPECT_TRUE(refused([](Bootstrap& b) { b.cluster = {}; }));
    EXPECT_TRUE(refused([](Bootstrap& b) { b.seed = {}; }));
    EXPECT_TRUE(refused([](Bootstrap& b) { b.nodes.clear(); }));
    EXPECT_TRUE(refused([](Bootstrap& b) { b.nodes[0].id = NodeId(0); }));
    EXPECT_TRUE(refused([](Bootstrap& b) { b.nodes[0].id = NodeId(2); }));
    EXPECT_TRUE(refused([](Bootstrap& b) { b.nodes[0].uuid = b.nodes[1].uuid; }));
    EXPECT_TRUE(refused([](Bootstrap& b) { b.nodes[0].host = "a b"; }));
    EXPECT_TRUE(refused([](Bootstrap& b) { b.nodes[0].state = NodeStateKind::removed; }));
    EXPECT_TRUE(refused([](Bootstrap& b) {
        for (NodeRecord& node : b.nodes)
            node.storage = false;
    }));
    EXPECT_TRUE(refused([](Bootstrap& b) { b.data_groups = 0; }));
    EXPECT_TRUE(refused([](Bootstrap& b) { b.data_groups = limits::groups_max; }));
    EXPECT_TRUE(refused([](Bootstrap& b) { b.replication = 0; }));
    EXPECT_TRUE(refused([](Bootstrap& b) { b.replication = limits::replication_max + 1; }));
    EXPECT_TRUE(refused([](Bootstrap& b) { b.first_user.keys.clear(); }));
    EXPECT_TRUE(refused([](Bootstrap& b) {
        b.first_user.keys = {make_key("QKA"), make_key("QKA")};
    }));
    EXPECT_TRUE(refused([](Bootstrap& b) { b.first_user.name = ""; }));
    EXPECT_TRUE(refused([](Bootstrap& b) { b.first_user.account = "x"; }));
    EXPECT_TRUE(refused([](Bootstrap& b) {
        b.first_user.grants.resize(2, Grant{Effect::allow, 1, ""});
    }));
    EXPECT_FALSE(refused([](Bootstrap&) {}));
}

TEST_F(CatalogueNodes, limits_of_nodes_and_groups) {
    EXPECT_NE(error_of(run(make_bootstrap(limits::nodes_max + 1))), ErrorCode::ok);
    const Bootstrap largest = make_bootstrap(limits::nodes_max, limits::groups_max - 1);
    EXPECT_EQ(error_of(run(largest)), ErrorCode::ok);
    EXPECT_EQ(state.groups.size(), limits::groups_max);
    const auto changes = state.changes.since(CatalogueVersion(0), 10);
    ASSERT_TRUE(changes.has_value());
    EXPECT_EQ(changes->size(), limits::nodes_max + limits::groups_max + 1);
}

TEST_F(CatalogueNodes, endpoints_and_state_of_a_node_change) {
    bootstrap();
    NodeRecord node = state.nodes.at(NodeId(2));
    node.host = "elsewhere";
    node.state = NodeStateKind::draining;
    const NodeRecord changed = node_of(run(UpdateNode{node}));
    EXPECT_EQ(changed.host, "elsewhere");
    EXPECT_EQ(changed.version, CatalogueVersion(2));
    EXPECT_EQ(node_of(run(UpdateNode{node})), changed);
    EXPECT_EQ(state.version, CatalogueVersion(2));
}

TEST_F(CatalogueNodes, identity_of_a_node_does_not_change) {
    bootstrap();
    EXPECT_EQ(error_of(run(UpdateNode{make_node(9)})), ErrorCode::not_found);
    NodeRecord node = make_node(2);
    node.uuid = Uuid{9, 9};
    EXPECT_EQ(error_of(run(UpdateNode{node})), ErrorCode::invalid_argument);
    node.uuid = {};
    EXPECT_EQ(node_of(run(UpdateNode{node})).uuid, (Uuid{77, 2}));
    node.storage = false;
    EXPECT_EQ(error_of(run(UpdateNode{node})), ErrorCode::invalid_argument);
    node = make_node(2);
    node.state = static_cast<NodeStateKind>(9);
    EXPECT_EQ(error_of(run(UpdateNode{node})), ErrorCode::invalid_argument);
}

TEST_F(CatalogueNodes, a_uuid_is_learnt_once_and_is_unique) {
    Bootstrap bootstrap = make_bootstrap();
    bootstrap.nodes[0].uuid = {};
    run(bootstrap);
    NodeRecord node = make_node(1);
    node.uuid = Uuid{77, 2};
    EXPECT_EQ(error_of(run(UpdateNode{node})), ErrorCode::already_exists);
    node.uuid = Uuid{5, 5};
    EXPECT_EQ(node_of(run(UpdateNode{node})).uuid, (Uuid{5, 5}));
    node.uuid = Uuid{6, 6};
    EXPECT_EQ(error_of(run(UpdateNode{node})), ErrorCode::invalid_argument);
}

TEST_F(CatalogueNodes, removal_is_final_and_needs_an_empty_node) {
    Bootstrap bootstrap = make_bootstrap(5, 1, 3);
    bootstrap.nodes[4].storage = false;  // every storage node holds a replica of group 0
    run(bootstrap);
    NodeRecord node = make_node(4);
    node.state = NodeStateKind::removed;
    EXPECT_EQ(error_of(run(UpdateNode{node})), ErrorCode::invalid_argument);
    node = bootstrap.nodes[4];
    node.state = NodeStateKind::removed;
    EXPECT_EQ(error_of(run(UpdateNode{node})), ErrorCode::ok);
    node.state = NodeStateKind::active;
    EXPECT_EQ(error_of(run(UpdateNode{node})), ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace quern::metadata
