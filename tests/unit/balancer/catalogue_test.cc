// What the balancer knows of queues and users, and what happens when it is wrong.
#include <gtest/gtest.h>

#include "system/metadata/validate.h"
#include "tests/unit/balancer/fake_cluster.h"

namespace quern::balancer {
namespace {

using metadata::Action;
using metadata::action_bit;
using metadata::Effect;
using metadata::Grant;

const Grant may_send{Effect::allow, action_bit(Action::send), "shop-"};

struct Fixture {
    FakeCluster cluster;
    std::unique_ptr<Client> admin = cluster.admin();
    wire::Request send(const std::string& name) {
        wire::Request request = on_queue(name, send_of("x"));
        request.token = token(++seq);
        return request;
    }
    void delete_queue(const metadata::QueueRecord& record) {
        const metadata::Reply reply = cluster.change(metadata::DeleteQueue{record.name});
        cluster.change(metadata::ForgetQueue{record.id});
        cluster.known.erase(record.id);
        cluster.floor = reply.version;
    }
    uint64_t seq = 0;
};

TEST(Catalogue, a_record_is_fetched_once_for_many_requests) {
    Fixture f;
    f.cluster.create("a");
    for (int i = 0; i < 50; ++i) f.admin->send(f.send("a"));
    f.cluster.run(Duration::seconds(1));
    EXPECT_EQ(f.admin->answers.size(), 50u);
    for (const auto& [n, answer] : f.admin->answers) EXPECT_EQ(answer->error.code, ErrorCode::ok);
    EXPECT_EQ(f.cluster.count_queries<wire::FindQueue>(), 1u);
}

TEST(Catalogue, a_queue_made_elsewhere_is_known_here_at_once) {
    Fixture f;
    EXPECT_EQ(f.admin->code(f.send("late")), ErrorCode::queue_does_not_exist);
    f.cluster.create("late");
    EXPECT_EQ(f.admin->code(f.send("late")), ErrorCode::ok);
}

TEST(Catalogue, a_group_that_lacks_the_record_is_told) {
    Fixture f;
    const auto record = f.cluster.create("a");
    f.cluster.known.clear();
    EXPECT_EQ(f.admin->code(f.send("a")), ErrorCode::ok);
    EXPECT_EQ(f.cluster.known.at(record.id), record.version);
}

TEST(Catalogue, a_stale_record_is_refreshed) {
    Fixture f;
    auto record = f.cluster.create("a");
    ASSERT_EQ(f.admin->code(f.send("a")), ErrorCode::ok);
    QueueAttributes attributes;
    attributes.visibility_ms = 1234;
    const metadata::Reply reply = f.cluster.change(
        metadata::SetQueueAttributes{record.name, attributes, metadata::attribute_mask_all()});
    f.cluster.known[record.id] = reply.version;
    EXPECT_EQ(f.admin->code(f.send("a")), ErrorCode::ok);
    EXPECT_EQ(f.cluster.client_forwards().back().header.record_version, reply.version);
}

TEST(Catalogue, what_is_remembered_of_an_id_ends_with_the_catalogues_version) {
    Fixture f;
    const auto record = f.cluster.create("shop-a");
    auto user = f.cluster.connected(f.cluster.add_user("u", {may_send}));
    const wire::Request by_id = on_queue(record.id, send_of("x"));
    for (int i = 0; i < 3; ++i) EXPECT_EQ(user->code(by_id), ErrorCode::ok);
    // Remembered for sending, not for all.
    EXPECT_EQ(user->code(on_queue(record.id, wire::PurgeRequest{})), ErrorCode::access_denied);
    f.cluster.change(metadata::RemoveGrant{"u", may_send});
    f.cluster.run(Duration::seconds(1));
    const size_t before = f.cluster.client_forwards().size();
    EXPECT_EQ(user->code(by_id), ErrorCode::access_denied);
    EXPECT_EQ(f.cluster.client_forwards().size(), before);
}

// faults.md S114, Q18
TEST(Catalogue, a_queue_deleted_and_made_anew_is_another_one) {
    Fixture f;
    const auto old = f.cluster.create("a");
    ASSERT_EQ(f.admin->code(f.send("a")), ErrorCode::ok);
    f.delete_queue(old);
    const auto anew = f.cluster.create("a");
    wire::Request by_id = on_queue(old.id, send_of("x"));
    by_id.queue_name = "a";
    EXPECT_EQ(f.admin->code(by_id), ErrorCode::queue_does_not_exist);
    EXPECT_EQ(f.admin->code(by_id), ErrorCode::queue_does_not_exist);
    EXPECT_EQ(f.admin->code(f.send("a")), ErrorCode::ok);
    EXPECT_EQ(f.cluster.client_forwards().back().header.queue, anew.id);
    EXPECT_FALSE(f.cluster.known.contains(old.id));
}

TEST(Catalogue, a_stale_balancer_does_not_bring_a_dropped_queue_back) {
    Fixture f;
    const auto old = f.cluster.create("a");
    ASSERT_EQ(f.admin->code(f.send("a")), ErrorCode::ok);
    f.delete_queue(old);
    EXPECT_EQ(f.admin->code(f.send("a")), ErrorCode::queue_does_not_exist);
    EXPECT_TRUE(f.cluster.known.empty());
}

TEST(Catalogue, node_and_catalogue_that_never_agree_end_in_a_bounded_number_of_turns) {
    Fixture f;
    f.cluster.create("a");
    for (auto& [id, node] : f.cluster.nodes) {
        node->on_forward = [&f](const Forwarded& seen) -> std::optional<wire::Response> {
            f.cluster.order.push_back(seen);
            return refusal(ErrorCode::stale_catalogue);
        };
    }
    EXPECT_EQ(f.admin->code(f.send("a")), ErrorCode::unavailable);
    EXPECT_LT(f.cluster.order.size(), 12u);
}

// --- permissions --------------------------------------------------------------------------------------

TEST(Permissions, a_prefix_decides_and_absence_does_not_show) {
    Fixture f;
    f.cluster.create("shop-a");
    f.cluster.create("secret");
    auto user = f.cluster.connected(f.cluster.add_user("u", {may_send}));
    EXPECT_EQ(user->code(f.send("shop-a")), ErrorCode::ok);
    EXPECT_EQ(user->code(f.send("shop-none")), ErrorCode::queue_does_not_exist);
    const Result<wire::Response> present = user->ask(f.send("secret"));
    const Result<wire::Response> absent = user->ask(f.send("nowhere"));
    EXPECT_EQ(present->error.code, ErrorCode::access_denied);
    EXPECT_EQ(absent->error.code, ErrorCode::access_denied);
    EXPECT_EQ(user->code(on_queue("shop-a", wire::PurgeRequest{})), ErrorCode::access_denied);
}

TEST(Permissions, an_id_is_judged_by_the_name_it_really_has) {
    Fixture f;
    const auto secret = f.cluster.create("secret");
    auto user = f.cluster.connected(f.cluster.add_user("u", {may_send}));
    wire::Request request = on_queue(secret.id, send_of("x"));
    request.queue_name = "shop-a";
    EXPECT_EQ(user->code(request), ErrorCode::access_denied);
    EXPECT_TRUE(f.cluster.client_forwards().empty());
}

TEST(Permissions, a_grant_given_elsewhere_counts_here_at_once) {
    Fixture f;
    f.cluster.create("shop-a");
    auto user = f.cluster.connected(f.cluster.add_user("u", {}));
    EXPECT_EQ(user->code(f.send("shop-a")), ErrorCode::access_denied);
    f.cluster.change(metadata::AddGrant{"u", may_send});
    EXPECT_EQ(user->code(f.send("shop-a")), ErrorCode::ok);
}

// faults.md Q19: the node knows of the revocation, the balancer does not yet.
TEST(Permissions, a_grant_revoked_elsewhere_is_refused_by_way_of_the_node) {
    Fixture f;
    f.cluster.create("shop-a");
    auto user = f.cluster.connected(f.cluster.add_user("u", {may_send}));
    EXPECT_EQ(user->code(f.send("shop-a")), ErrorCode::ok);
    f.cluster.change(metadata::RemoveGrant{"u", may_send});
    EXPECT_EQ(user->code(f.send("shop-a")), ErrorCode::access_denied);
}

// faults.md S117
TEST(Permissions, a_deleted_user_is_refused_and_disconnected_within_the_lease) {
    Fixture f;
    f.cluster.create("shop-a");
    auto user = f.cluster.connected(f.cluster.add_user("u", {may_send}));
    EXPECT_EQ(user->code(f.send("shop-a")), ErrorCode::ok);
    f.cluster.change(metadata::DeleteUser{"u"});
    EXPECT_EQ(user->code(f.send("shop-a")), ErrorCode::unauthenticated);
    f.cluster.run(Duration::seconds(3));
    EXPECT_FALSE(user->up());
    EXPECT_EQ(user->last_error().code, ErrorCode::unauthenticated);
}

// faults.md S115: the watch is lost; what was cached is not trusted for long.
TEST(Permissions, without_the_metadata_group_nothing_is_allowed_for_long) {
    Fixture f;
    f.cluster.create("shop-a");
    ASSERT_EQ(f.admin->code(f.send("shop-a")), ErrorCode::ok);
    f.cluster.leaders[metadata_group] = NodeId{};
    EXPECT_EQ(f.admin->code(f.send("shop-a")), ErrorCode::ok);
    f.cluster.run(Duration::seconds(3));
    EXPECT_FALSE(f.cluster.balancer->stats().catalogue_fresh);
    wire::Request request = f.send("shop-a");
    request.deadline_ms = 2000;
    const size_t before = f.cluster.client_forwards().size();
    EXPECT_EQ(f.admin->code(request), ErrorCode::unavailable);
    EXPECT_EQ(f.cluster.client_forwards().size(), before);
    f.cluster.leaders[metadata_group] = NodeId(2);
    EXPECT_EQ(f.admin->code(f.send("shop-a")), ErrorCode::ok);
}

}  // namespace
}  // namespace quern::balancer
