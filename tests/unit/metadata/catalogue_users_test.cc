#include "tests/unit/metadata/catalogue_fixture.h"

namespace quern::metadata {
namespace {

constexpr ActionSet send_bit = action_bit(Action::send);
constexpr ActionSet receive_bit = action_bit(Action::receive);

class CatalogueUsers : public CatalogueTest {
protected:
    void SetUp() override {
        bootstrap();
        run(CreateUser{"ann", default_account, make_key("QKANN1")});
    }
    const UserRecord& ann() const { return state.users.at("ann"); }
    static Grant allow(ActionSet actions, const std::string& prefix = "") {
        return {Effect::allow, actions, prefix};
    }
    static Grant deny(ActionSet actions, const std::string& prefix = "") {
        return {Effect::deny, actions, prefix};
    }
};

TEST_F(CatalogueUsers, a_new_user_has_a_key_and_no_permissions) {
    EXPECT_EQ(ann().id, UserId(2));
    EXPECT_TRUE(ann().grants.empty());
    EXPECT_EQ(state.find_user_by_key("QKANN1"), &ann());
    EXPECT_EQ(state.find_user_by_key("QKNONE"), nullptr);
}

// faults.md S117: once a revocation is applied, nothing that was authorised before it is.
TEST_F(CatalogueUsers, a_command_authorised_before_a_revocation_changes_nothing) {
    run(AddGrant{"ann", allow(action_bit(Action::create_queue))});
    const CatalogueVersion before = state.version;
    run(RemoveAccessKey{"ann", "QKANN1"});
    const CatalogueVersion after = state.version;
    const Token token{SessionId(1), 1, 0, ClusterTime{1000}};
    Command command{token, ann().id, make_queue("a"), before};
    state.begin_entry(state.index.next(), ClusterTime{1});
    EXPECT_EQ(error_of(state.apply(command)), ErrorCode::stale_catalogue);
    EXPECT_EQ(state.version, after);
    command.authorised_at = after;
    EXPECT_EQ(error_of(state.apply(command)), ErrorCode::ok);
    // Its reply stands for all copies, also for those with the older version.
    command.authorised_at = before;
    const Reply repeated = state.apply(command);
    EXPECT_TRUE(repeated.repeated);
    EXPECT_EQ(error_of(repeated), ErrorCode::ok);
}

TEST_F(CatalogueUsers, the_last_administrator_stays) {
    const CatalogueVersion version = state.version;
    const ActionSet administer = action_bit(Action::administer);
    EXPECT_EQ(error_of(run(DeleteUser{"root"})), ErrorCode::invalid_argument);
    EXPECT_EQ(error_of(run(RemoveAccessKey{"root", "QKROOT"})), ErrorCode::invalid_argument);
    EXPECT_EQ(error_of(run(RemoveGrant{"root", allow(administer)})), ErrorCode::invalid_argument);
    EXPECT_EQ(error_of(run(AddGrant{"root", deny(administer)})), ErrorCode::invalid_argument);
    EXPECT_EQ(state.version, version);
    EXPECT_EQ(state.find_user_by_key("QKROOT")->name, "root");
    // A prefix does not matter to administration, and another permission may always go.
    EXPECT_EQ(error_of(run(AddGrant{"root", deny(administer, "a")})), ErrorCode::ok);
    EXPECT_EQ(error_of(run(RemoveGrant{"root", allow(send_bit)})), ErrorCode::ok);
    // A second one who has no key is none.
    run(AddGrant{"ann", allow(administer)});
    run(RemoveAccessKey{"ann", "QKANN1"});
    EXPECT_EQ(error_of(run(DeleteUser{"root"})), ErrorCode::invalid_argument);
    run(AddAccessKey{"ann", make_key("QKANN2")});
    EXPECT_EQ(error_of(run(DeleteUser{"root"})), ErrorCode::ok);
    EXPECT_EQ(error_of(run(DeleteUser{"ann"})), ErrorCode::invalid_argument);
}

TEST_F(CatalogueUsers, names_and_key_ids_are_unique) {
    const CatalogueVersion version = state.version;
    EXPECT_EQ(error_of(run(CreateUser{"ann", default_account, make_key("QKX")})),
              ErrorCode::user_already_exists);
    EXPECT_EQ(error_of(run(CreateUser{"bob", default_account, make_key("QKANN1")})),
              ErrorCode::already_exists);
    EXPECT_EQ(error_of(run(AddAccessKey{"ann", make_key("QKROOT")})), ErrorCode::already_exists);
    EXPECT_EQ(state.version, version);
}

TEST_F(CatalogueUsers, invalid_users_are_refused) {
    EXPECT_EQ(error_of(run(CreateUser{"a b", default_account, make_key("QKX")})),
              ErrorCode::invalid_name);
    EXPECT_EQ(error_of(run(CreateUser{"bob", "12", make_key("QKX")})), ErrorCode::invalid_argument);
    EXPECT_EQ(error_of(run(CreateUser{"bob", default_account, AccessKey{"QKX", {}}})),
              ErrorCode::invalid_argument);
    EXPECT_EQ(error_of(run(CreateUser{"bob", default_account, make_key("Q/X")})),
              ErrorCode::invalid_argument);
}

TEST_F(CatalogueUsers, keys_rotate_through_two_at_most) {
    EXPECT_EQ(user_of(run(AddAccessKey{"ann", make_key("QKANN2")})).keys.size(), 2u);
    EXPECT_EQ(error_of(run(AddAccessKey{"ann", make_key("QKANN3")})), ErrorCode::over_limit);
    EXPECT_EQ(user_of(run(RemoveAccessKey{"ann", "QKANN1"})).keys.size(), 1u);
    EXPECT_EQ(state.policy_version, state.version);
    EXPECT_EQ(state.find_user_by_key("QKANN1"), nullptr);
    const CatalogueVersion version = state.version;
    EXPECT_EQ(error_of(run(RemoveAccessKey{"ann", "QKANN1"})), ErrorCode::ok);
    EXPECT_EQ(error_of(run(RemoveAccessKey{"ann", "QKROOT"})), ErrorCode::ok);
    EXPECT_EQ(state.version, version);
    EXPECT_NE(state.find_user_by_key("QKROOT"), nullptr);
    EXPECT_EQ(error_of(run(AddAccessKey{"ann", make_key("QKANN3")})), ErrorCode::ok);
}

TEST_F(CatalogueUsers, deletion_takes_keys_and_permissions_away) {
    const CatalogueVersion before = state.version;
    EXPECT_EQ(user_of(run(DeleteUser{"ann"})).name, "ann");
    EXPECT_EQ(state.find_user_by_key("QKANN1"), nullptr);
    EXPECT_EQ(state.policy_version, before.next());
    const auto changes = state.changes.since(before, 10);
    ASSERT_EQ(changes->size(), 1u);
    const auto& removed = std::get<UserRemoved>(changes->front().record);
    EXPECT_EQ(removed.id, UserId(2));
    EXPECT_EQ(removed.key_ids, std::vector<std::string>{"QKANN1"});
    EXPECT_EQ(error_of(run(DeleteUser{"ann"})), ErrorCode::user_does_not_exist);
    EXPECT_GT(user_of(run(CreateUser{"ann", default_account, make_key("QKANN1")})).id, UserId(2));
}

TEST_F(CatalogueUsers, grants_of_one_kind_join) {
    run(AddGrant{"ann", allow(send_bit, "jobs-")});
    run(AddGrant{"ann", allow(receive_bit, "jobs-")});
    run(AddGrant{"ann", deny(send_bit, "jobs-")});
    ASSERT_EQ(ann().grants.size(), 2u);
    EXPECT_EQ(ann().grants[0], allow(send_bit | receive_bit, "jobs-"));
    const CatalogueVersion version = state.version;
    run(AddGrant{"ann", allow(send_bit, "jobs-")});
    EXPECT_EQ(state.version, version);
}

TEST_F(CatalogueUsers, revocation_removes_only_equal_effect_and_prefix) {
    run(AddGrant{"ann", allow(send_bit | receive_bit, "jobs-")});
    const CatalogueVersion version = state.version;
    run(RemoveGrant{"ann", allow(send_bit, "jobs")});
    run(RemoveGrant{"ann", deny(send_bit, "jobs-")});
    EXPECT_EQ(state.version, version);
    run(RemoveGrant{"ann", allow(send_bit, "jobs-")});
    EXPECT_EQ(ann().grants, std::vector<Grant>{allow(receive_bit, "jobs-")});
    run(RemoveGrant{"ann", allow(all_actions, "jobs-")});
    EXPECT_TRUE(ann().grants.empty());
}

TEST_F(CatalogueUsers, the_policy_version_moves_when_something_is_taken_away) {
    const auto moved = [&](const auto& operation) {
        run(operation);
        return state.policy_version == state.version;
    };
    EXPECT_FALSE(moved(AddGrant{"ann", allow(send_bit | receive_bit)}));
    EXPECT_TRUE(moved(RemoveGrant{"ann", allow(send_bit)}));
    EXPECT_TRUE(moved(AddGrant{"ann", deny(send_bit)}));
    EXPECT_FALSE(moved(RemoveGrant{"ann", deny(send_bit)}));
    EXPECT_FALSE(moved(AddAccessKey{"ann", make_key("QKANN2")}));
    EXPECT_TRUE(moved(RemoveAccessKey{"ann", "QKANN2"}));
    EXPECT_FALSE(moved(make_queue("a")));
    EXPECT_TRUE(moved(DeleteUser{"ann"}));
}

TEST_F(CatalogueUsers, sixty_four_grants_fit_and_one_more_does_not) {
    for (size_t i = 0; i < limits::grants_per_user_max; ++i) {
        const std::string prefix = "q" + std::to_string(i);
        EXPECT_EQ(error_of(run(AddGrant{"ann", allow(send_bit, prefix)})), ErrorCode::ok);
    }
    EXPECT_EQ(error_of(run(AddGrant{"ann", allow(send_bit, "x")})), ErrorCode::over_limit);
    EXPECT_EQ(error_of(run(AddGrant{"ann", allow(receive_bit, "q0")})), ErrorCode::ok);
}

TEST_F(CatalogueUsers, invalid_grants_and_absent_users_are_refused) {
    EXPECT_EQ(error_of(run(AddGrant{"ann", allow(0)})), ErrorCode::invalid_argument);
    EXPECT_EQ(error_of(run(AddGrant{"ann", allow(all_actions + 1)})), ErrorCode::invalid_argument);
    EXPECT_EQ(error_of(run(RemoveGrant{"ann", allow(0)})), ErrorCode::invalid_argument);
    EXPECT_EQ(error_of(run(AddGrant{"bob", allow(1)})), ErrorCode::user_does_not_exist);
    EXPECT_EQ(error_of(run(RemoveGrant{"bob", allow(1)})), ErrorCode::user_does_not_exist);
    EXPECT_EQ(error_of(run(AddAccessKey{"bob", make_key("QKX")})), ErrorCode::user_does_not_exist);
    EXPECT_EQ(error_of(run(RemoveAccessKey{"bob", "QKX"})), ErrorCode::user_does_not_exist);
}

class CatalogueUserBounds : public CatalogueTest {
protected:
    static CatalogueBounds small() {
        CatalogueBounds bounds;
        bounds.users_max = 2;
        return bounds;
    }
    CatalogueUserBounds() : CatalogueTest(small()) {}
};

TEST_F(CatalogueUserBounds, users_up_to_the_bound_fit) {
    bootstrap();
    EXPECT_EQ(error_of(run(CreateUser{"a", default_account, make_key("QKA")})), ErrorCode::ok);
    EXPECT_EQ(error_of(run(CreateUser{"b", default_account, make_key("QKB")})),
              ErrorCode::over_limit);
    run(DeleteUser{"a"});
    EXPECT_EQ(error_of(run(CreateUser{"b", default_account, make_key("QKB")})), ErrorCode::ok);
}

}  // namespace
}  // namespace quern::metadata
