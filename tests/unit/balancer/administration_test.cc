// Requests on queues, users and the cluster.
#include <gtest/gtest.h>

#include "system/metadata/validate.h"
#include "tests/unit/balancer/fake_cluster.h"

namespace quern::balancer {
namespace {

struct Fixture {
    FakeCluster cluster;
    std::unique_ptr<Client> admin = cluster.admin();
    wire::Request with_token(wire::Request request) {
        request.token = token(++seq);
        return request;
    }
    uint64_t seq = 0;
};

wire::Request of(wire::Operation operation) { return on_queue("", std::move(operation)); }

// --- queues -------------------------------------------------------------------------------------------

TEST(QueueRequests, a_new_queue_is_known_to_its_group_and_usable) {
    Fixture f;
    const auto response = f.admin->ask(f.with_token(on_queue("a", wire::CreateQueueRequest{})));
    ASSERT_EQ(response->error.code, ErrorCode::ok) << response->error.to_string();
    const auto& record = std::get<wire::QueueResponse>(response->body).record;
    EXPECT_EQ(record.name.name, "a");
    EXPECT_EQ(f.cluster.known.at(record.id), record.version);
    EXPECT_EQ(f.admin->code(on_queue(record.id, send_of("x"))), ErrorCode::ok);
    EXPECT_EQ(f.cluster.count_queries<wire::FindQueue>(), 0u);
    EXPECT_EQ(f.cluster.count_queries<wire::FindQueueById>(), 0u);
}

TEST(QueueRequests, names_and_attributes_are_judged_before_anybody_is_asked) {
    Fixture f;
    EXPECT_EQ(f.admin->code(on_queue("no spaces", wire::CreateQueueRequest{})),
              ErrorCode::invalid_name);
    wire::CreateQueueRequest create;
    create.attributes.visibility_ms = -5;
    EXPECT_EQ(f.admin->code(on_queue("a", create)), ErrorCode::invalid_attribute);
    EXPECT_EQ(f.cluster.count_queries<wire::Change>(), 0u);
}

TEST(QueueRequests, a_queue_is_made_even_if_its_group_cannot_be_told_now) {
    Fixture f;
    f.cluster.leaders[GroupId(1)] = f.cluster.leaders[GroupId(2)] = NodeId{};
    wire::Request create = on_queue("a", wire::CreateQueueRequest{});
    create.deadline_ms = 1000;
    EXPECT_EQ(f.admin->code(create), ErrorCode::ok);
    f.cluster.leaders[GroupId(1)] = f.cluster.leaders[GroupId(2)] = NodeId(1);
    EXPECT_EQ(f.admin->code(on_queue("a", send_of("x"))), ErrorCode::ok);
}

TEST(QueueRequests, delete_is_ok_only_after_the_group_dropped_the_messages) {
    Fixture f;
    const auto record = f.cluster.create("a");
    const uint64_t number = f.admin->send(f.with_token(on_queue("a", wire::DeleteQueueRequest{})));
    f.cluster.leaders[record.group] = NodeId{};
    f.cluster.run(Duration::seconds(2));
    EXPECT_EQ(f.cluster.catalogue.find_queue(record.name), nullptr);
    EXPECT_FALSE(f.admin->answers.contains(number));
    f.cluster.leaders[record.group] = NodeId(1);
    f.cluster.run(Duration::seconds(1));
    ASSERT_TRUE(f.admin->answers.contains(number));
    EXPECT_EQ(f.admin->answers.at(number)->error.code, ErrorCode::ok);
    EXPECT_TRUE(f.cluster.dropped.contains(record.id));
    EXPECT_EQ(f.cluster.catalogue.find_queue(record.id), nullptr);
    EXPECT_EQ(f.admin->code(on_queue("a", send_of("x"))), ErrorCode::queue_does_not_exist);
}

TEST(QueueRequests, an_unconfirmed_drop_is_an_unknown_outcome) {
    Fixture f;
    const auto record = f.cluster.create("a");
    f.cluster.leaders[record.group] = NodeId{};
    wire::Request request = f.with_token(on_queue("a", wire::DeleteQueueRequest{}));
    request.deadline_ms = 1000;
    EXPECT_EQ(f.admin->code(request), ErrorCode::outcome_unknown);
    // Asked again, with the same token, it is brought to its end.
    f.cluster.leaders[record.group] = NodeId(2);
    EXPECT_EQ(f.admin->code(request), ErrorCode::ok);
    EXPECT_TRUE(f.cluster.dropped.contains(record.id));
}

// faults.md S118, Q10: the first answer was lost, another balancer is asked again.
TEST(QueueRequests, a_deletion_asked_again_with_its_token_gets_the_first_result) {
    Fixture f;
    const auto record = f.cluster.create("a");
    const wire::Request request = f.with_token(on_queue("a", wire::DeleteQueueRequest{}));
    EXPECT_EQ(f.admin->code(request), ErrorCode::ok);
    const auto again = f.admin->ask(request);
    EXPECT_EQ(again->error.code, ErrorCode::ok) << again->error.to_string();
    EXPECT_EQ(std::get<wire::QueueResponse>(again->body).record.id, record.id);
}

// Two queues would take requests by one name: a client that knows the older one's id, and one that asks anew.
TEST(QueueRequests, a_queue_is_made_anew_only_after_the_older_one_of_its_name_was_dropped) {
    Fixture f;
    const auto old = f.cluster.create("a");
    f.cluster.change(metadata::DeleteQueue{old.name});
    f.cluster.leaders[old.group] = NodeId{};
    wire::Request create = f.with_token(on_queue("a", wire::CreateQueueRequest{}));
    create.deadline_ms = 1000;
    const auto refused = f.admin->ask(create);
    EXPECT_EQ(refused->error.code, ErrorCode::unavailable) << refused->error.to_string();
    EXPECT_EQ(refused->error.outcome, Outcome::not_applied);
    EXPECT_EQ(f.cluster.catalogue.find_queue(old.name), nullptr);
    f.cluster.leaders[old.group] = NodeId(1);
    const auto made = f.admin->ask(create);
    ASSERT_EQ(made->error.code, ErrorCode::ok) << made->error.to_string();
    EXPECT_TRUE(f.cluster.dropped.contains(old.id));
    EXPECT_EQ(f.cluster.catalogue.find_queue(old.id), nullptr);
    EXPECT_NE(std::get<wire::QueueResponse>(made->body).record.id, old.id);
    EXPECT_EQ(f.admin->code(on_queue("a", send_of("x"))), ErrorCode::ok);
}

TEST(QueueRequests, a_creation_does_not_drop_for_ever_what_nobody_forgets) {
    Fixture f;
    const auto old = f.cluster.create("a");
    f.cluster.change(metadata::DeleteQueue{old.name});
    size_t forgets = 0;
    for (auto& [id, node] : f.cluster.nodes) {
        node->on_query = [&](NodeId asked, const wire::Query& query) {
            const auto* change = std::get_if<wire::Change>(&query);
            const bool forget = change != nullptr &&
                                std::holds_alternative<metadata::ForgetQueue>(change->command.operation);
            if (!forget || f.cluster.leaders.at(metadata_group) != asked) {
                return f.cluster.answer_query(asked, query);
            }
            ++forgets;
            wire::QueryReply reply;
            reply.cluster = f.cluster.catalogue.cluster();
            reply.answer = wire::ChangeAnswer{};
            return std::optional(std::move(reply));
        };
    }
    const auto refused = f.admin->ask(f.with_token(on_queue("a", wire::CreateQueueRequest{})));
    EXPECT_EQ(refused->error.code, ErrorCode::unavailable) << refused->error.to_string();
    EXPECT_EQ(refused->error.outcome, Outcome::not_applied);
    EXPECT_EQ(forgets, 4u);
}

// The lost attempt may still make the queue, once the older one is forgotten.
TEST(QueueRequests, a_creation_that_had_to_wait_and_was_once_not_answered_is_in_doubt) {
    Fixture f;
    const auto old = f.cluster.create("a");
    f.cluster.change(metadata::DeleteQueue{old.name});
    f.cluster.leaders[old.group] = NodeId{};
    f.cluster.lose_answers = 1;
    wire::Request create = f.with_token(on_queue("a", wire::CreateQueueRequest{}));
    create.deadline_ms = 6000;
    const auto answer = f.admin->ask(create);
    EXPECT_EQ(answer->error.outcome, Outcome::unknown) << answer->error.to_string();
    EXPECT_EQ(f.cluster.lose_answers, 0u);
}

// It was made, deleted and forgotten meanwhile, and so was its token.
TEST(QueueRequests, a_change_that_came_too_late_after_a_lost_answer_is_in_doubt) {
    Fixture f;
    f.cluster.lose_answers = 1;
    wire::Request create = f.with_token(on_queue("a", wire::CreateQueueRequest{}));
    create.token.expires = f.cluster.now.plus_ms(100);
    create.deadline_ms = 6000;
    const uint64_t number = f.admin->send(create);
    f.cluster.run(Duration::seconds(1));
    ASSERT_EQ(f.cluster.lose_answers, 0u);
    f.cluster.now = f.cluster.now.plus_ms(1000);
    f.cluster.run(Duration::seconds(5));
    ASSERT_TRUE(f.admin->answers.contains(number));
    const Error& error = f.admin->answers.at(number)->error;
    EXPECT_EQ(error.outcome, Outcome::unknown) << error.to_string();
    EXPECT_NE(error.code, ErrorCode::ok);
}

TEST(QueueRequests, a_deletion_by_the_id_of_an_older_queue_spares_the_new_one) {
    Fixture f;
    const auto old = f.cluster.create("a");
    f.cluster.change(metadata::DeleteQueue{old.name});
    f.cluster.change(metadata::ForgetQueue{old.id});
    const auto anew = f.cluster.create("a");
    wire::Request request = on_queue(old.id, wire::DeleteQueueRequest{});
    request.queue_name = "a";
    EXPECT_EQ(f.admin->code(request), ErrorCode::queue_does_not_exist);
    EXPECT_NE(f.cluster.catalogue.find_queue(anew.name), nullptr);
}

// faults.md S114, Q18: the balancer's copy still shows the old queue.
TEST(QueueRequests, a_change_by_the_id_of_a_remembered_queue_spares_the_new_one) {
    Fixture f;
    const auto old = f.cluster.create("a");
    EXPECT_EQ(f.admin->code(on_queue("a", wire::QueueStatusRequest{})), ErrorCode::ok);
    wire::SetAttributesRequest set;
    set.attributes.visibility_ms = 5000;
    set.mask = metadata::attribute_mask_all();
    wire::Request request = on_queue(old.id, set);
    request.queue_name = "a";
    f.cluster.change(metadata::DeleteQueue{old.name});
    f.cluster.change(metadata::ForgetQueue{old.id});
    auto anew = f.cluster.create("a");
    EXPECT_EQ(f.admin->code(request), ErrorCode::queue_does_not_exist);
    EXPECT_EQ(*f.cluster.catalogue.find_queue(anew.name), anew);
    // By its name, the queue that has the name now is meant.
    EXPECT_EQ(f.admin->code(on_queue("a", wire::QueueStatusRequest{})), ErrorCode::ok);
    f.cluster.change(metadata::DeleteQueue{anew.name});
    f.cluster.change(metadata::ForgetQueue{anew.id});
    anew = f.cluster.create("a");
    EXPECT_EQ(f.admin->code(f.with_token(on_queue("a", wire::DeleteQueueRequest{}))), ErrorCode::ok);
    EXPECT_TRUE(f.cluster.dropped.contains(anew.id));
}

// faults.md S117: the balancer has not heard of the revocation.
TEST(QueueRequests, a_revoked_key_does_not_change_the_catalogue) {
    Fixture f;
    const metadata::Grant grant{metadata::Effect::allow,
                                metadata::action_bit(metadata::Action::create_queue), ""};
    auto user = f.cluster.connected(f.cluster.add_user("u", {grant}));
    EXPECT_EQ(user->code(f.with_token(on_queue("a", wire::CreateQueueRequest{}))), ErrorCode::ok);
    f.cluster.change(metadata::RemoveGrant{"u", grant});
    EXPECT_EQ(user->code(f.with_token(on_queue("b", wire::CreateQueueRequest{}))),
              ErrorCode::access_denied);
    f.cluster.change(metadata::AddGrant{"u", grant});
    f.cluster.change(metadata::DeleteUser{"u"});
    EXPECT_EQ(user->code(f.with_token(on_queue("b", wire::CreateQueueRequest{}))),
              ErrorCode::unauthenticated);
    EXPECT_EQ(f.cluster.catalogue.find_queue({metadata::default_account, "b"}), nullptr);
}

TEST(QueueRequests, attributes_are_changed_in_the_catalogue_and_at_the_group) {
    Fixture f;
    const auto record = f.cluster.create("a");
    wire::SetAttributesRequest set;
    set.attributes.visibility_ms = 5000;
    set.mask = ~0u;
    for (const auto& info : metadata::attribute_table()) {
        if (info.name == "visibility_ms") set.mask = info.bit;
    }
    const auto response = f.admin->ask(on_queue(record.id, set));
    ASSERT_EQ(response->error.code, ErrorCode::ok) << response->error.to_string();
    const auto& changed = std::get<wire::QueueResponse>(response->body).record;
    EXPECT_EQ(changed.attributes.visibility_ms, 5000);
    EXPECT_EQ(f.cluster.known.at(record.id), changed.version);
    EXPECT_GT(changed.version, record.version);
}

TEST(QueueRequests, queues_are_listed_by_prefix) {
    Fixture f;
    f.cluster.create("a-1");
    f.cluster.create("a-2");
    f.cluster.create("b-1");
    const auto response = f.admin->ask(of(wire::ListQueuesRequest{"a-", "", 10}));
    ASSERT_EQ(response->error.code, ErrorCode::ok);
    const auto& list = std::get<wire::ListQueuesResponse>(response->body);
    EXPECT_EQ(list.names, (std::vector<std::string>{"a-1", "a-2"}));
    EXPECT_EQ(list.version, f.cluster.catalogue.version());
    EXPECT_EQ(f.admin->code(of(wire::ListQueuesRequest{"", "", 0})), ErrorCode::invalid_argument);
}

TEST(Janitor, a_deletion_that_a_dead_balancer_left_is_finished) {
    Fixture f;
    const auto record = f.cluster.create("a");
    f.cluster.change(metadata::DeleteQueue{record.name});
    f.cluster.run(Duration::seconds(10));
    EXPECT_TRUE(f.cluster.dropped.contains(record.id));
    EXPECT_EQ(f.cluster.catalogue.find_queue(record.id), nullptr);
}

// --- users --------------------------------------------------------------------------------------------

TEST(UserRequests, a_new_user_can_log_in_with_the_key_that_was_shown_once) {
    Fixture f;
    const wire::Request request = f.with_token(of(wire::CreateUserRequest{"bob", ""}));
    const auto response = f.admin->ask(request);
    ASSERT_EQ(response->error.code, ErrorCode::ok) << response->error.to_string();
    const auto& key = std::get<wire::CreateUserResponse>(response->body);
    auto bob = f.cluster.client({key.key_id, key.secret});
    EXPECT_TRUE(bob->connect());
    // The same request again shows the same key.
    const auto again = f.admin->ask(request);
    ASSERT_EQ(again->error.code, ErrorCode::ok);
    EXPECT_EQ(std::get<wire::CreateUserResponse>(again->body).key_id, key.key_id);
    EXPECT_EQ(std::get<wire::CreateUserResponse>(again->body).secret, key.secret);
    EXPECT_EQ(f.admin->code(f.with_token(request)), ErrorCode::user_already_exists);
}

TEST(UserRequests, grants_take_effect_with_their_answer) {
    Fixture f;
    f.cluster.create("a");
    auto user = f.cluster.connected(f.cluster.add_user("u", {}));
    const metadata::Grant grant{metadata::Effect::allow,
                                metadata::action_bit(metadata::Action::send), "a"};
    EXPECT_EQ(f.admin->code(of(wire::GrantRequest{"u", grant, false})), ErrorCode::ok);
    EXPECT_EQ(user->code(on_queue("a", send_of("x"))), ErrorCode::ok);
    EXPECT_EQ(f.admin->code(of(wire::GrantRequest{"u", grant, true})), ErrorCode::ok);
    EXPECT_EQ(user->code(on_queue("a", send_of("x"))), ErrorCode::access_denied);
    EXPECT_EQ(f.admin->code(of(wire::DeleteUserRequest{"u"})), ErrorCode::ok);
    EXPECT_EQ(f.admin->code(of(wire::DeleteUserRequest{"u"})), ErrorCode::user_does_not_exist);
}

TEST(UserRequests, only_administrators_manage_users_and_cluster) {
    Fixture f;
    const metadata::Grant all_but{metadata::Effect::allow,
                                  metadata::all_actions &
                                      ~metadata::action_bit(metadata::Action::administer),
                                  ""};
    auto user = f.cluster.connected(f.cluster.add_user("u", {all_but}));
    EXPECT_EQ(user->code(of(wire::CreateUserRequest{"v", ""})), ErrorCode::access_denied);
    EXPECT_EQ(user->code(of(wire::DeleteUserRequest{"admin"})), ErrorCode::access_denied);
    EXPECT_EQ(user->code(of(wire::ListUsersRequest{})), ErrorCode::access_denied);
    EXPECT_EQ(user->code(of(wire::ClusterStatusRequest{})), ErrorCode::access_denied);
    EXPECT_EQ(user->code(of(wire::TransferLeaderRequest{GroupId(1), NodeId(1)})),
              ErrorCode::access_denied);
}

TEST(UserRequests, a_list_shows_keys_but_no_secrets) {
    Fixture f;
    const auto response = f.admin->ask(of(wire::ListUsersRequest{}));
    const auto& users = std::get<wire::ListUsersResponse>(response->body).users;
    ASSERT_EQ(users.size(), 1u);
    EXPECT_EQ(users[0].name, "admin");
    EXPECT_EQ(users[0].key_ids, std::vector<std::string>{f.cluster.administrator.key_id});
}

TEST(UserRequests, a_list_comes_in_pages) {
    Fixture f;
    for (const char* name : {"a", "b", "c"}) f.cluster.add_user(name, {});
    const auto response = f.admin->ask(of(wire::ListUsersRequest{"a", 2}));
    const auto& users = std::get<wire::ListUsersResponse>(response->body).users;
    ASSERT_EQ(users.size(), 2u);
    EXPECT_EQ(users[0].name, "admin");
    EXPECT_EQ(users[1].name, "b");
    EXPECT_EQ(f.admin->code(of(wire::ListUsersRequest{"", 0})), ErrorCode::invalid_argument);
    EXPECT_EQ(f.admin->code(of(wire::ListUsersRequest{"", limits::listed_users_max})), ErrorCode::ok);
    EXPECT_EQ(f.admin->code(of(wire::ListUsersRequest{"", limits::listed_users_max + 1})),
              ErrorCode::invalid_argument);
}

// --- cluster ------------------------------------------------------------------------------------------

TEST(ClusterRequests, status_says_who_leads_and_who_is_away) {
    Fixture f;
    auto response = f.admin->ask(of(wire::ClusterStatusRequest{}));
    ASSERT_EQ(response->error.code, ErrorCode::ok) << response->error.to_string();
    auto status = std::get<wire::ClusterStatusResponse>(response->body);
    EXPECT_TRUE(status.healthy);
    ASSERT_EQ(status.groups.size(), 3u);
    EXPECT_EQ(status.groups[1].leader, f.cluster.leaders.at(GroupId(1)));
    EXPECT_EQ(status.queues, 4u);
    f.cluster.node(3).stop();
    f.cluster.run(Duration::milliseconds(100));
    response = f.admin->ask(of(wire::ClusterStatusRequest{}));
    status = std::get<wire::ClusterStatusResponse>(response->body);
    EXPECT_FALSE(status.healthy);
    ASSERT_EQ(status.nodes.size(), 3u);
    EXPECT_TRUE(status.nodes[0].reachable);
    EXPECT_FALSE(status.nodes[2].reachable);
}

TEST(ClusterRequests, leadership_is_handed_to_a_replica_only) {
    Fixture f;
    EXPECT_EQ(f.admin->code(of(wire::TransferLeaderRequest{GroupId(2), NodeId(1)})), ErrorCode::ok);
    EXPECT_EQ(f.cluster.leaders.at(GroupId(2)), NodeId(1));
    EXPECT_EQ(f.admin->code(of(wire::TransferLeaderRequest{GroupId(2), NodeId(50)})),
              ErrorCode::invalid_argument);
    EXPECT_EQ(f.admin->code(of(wire::TransferLeaderRequest{GroupId(7), NodeId(1)})),
              ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace quern::balancer
