#include "system/metadata/validate.h"
#include "tests/unit/metadata/catalogue_fixture.h"

namespace quern::metadata {
namespace {

class CatalogueQueues : public CatalogueTest {
protected:
    void SetUp() override { bootstrap(); }
};

TEST_F(CatalogueQueues, creation_gives_the_version_as_id) {
    const CatalogueVersion before = state.version;
    const QueueRecord record = queue_of(run(make_queue("a"), {}, 500));
    EXPECT_EQ(state.version, before.next());
    EXPECT_EQ(record.id.value, state.version.value);
    EXPECT_EQ(record.version, state.version);
    EXPECT_EQ(record.created, ClusterTime{500});
    EXPECT_EQ(*state.find_queue(queue_name("a")), record);
}

TEST_F(CatalogueQueues, creation_twice_is_one_queue_when_the_attributes_agree) {
    const QueueRecord first = queue_of(run(make_queue("a")));
    const CatalogueVersion version = state.version;
    CreateQueue again = make_queue("a");
    again.tags["team"] = "x";
    EXPECT_EQ(queue_of(run(again)), first);
    EXPECT_EQ(state.version, version);
    again.attributes.visibility_ms = 1;
    EXPECT_EQ(error_of(run(again)), ErrorCode::queue_already_exists);
    EXPECT_EQ(state.version, version);
}

TEST_F(CatalogueQueues, names_are_scoped_by_account) {
    const QueueRecord first = queue_of(run(make_queue("a")));
    const QueueRecord second = queue_of(run(CreateQueue{{"123456789012", "a"}, {}, {}}));
    EXPECT_NE(first.id, second.id);
}

TEST_F(CatalogueQueues, a_deleted_queue_frees_its_name_and_stays_until_forgotten) {
    const QueueRecord first = queue_of(run(make_queue("a")));
    const QueueRecord deleted = queue_of(run(DeleteQueue{queue_name("a")}, {}, 900));
    EXPECT_EQ(deleted.id, first.id);
    EXPECT_EQ(deleted.state, QueueStateKind::deleting);
    EXPECT_EQ(deleted.modified, ClusterTime{900});
    EXPECT_GT(deleted.version, first.version);
    EXPECT_EQ(state.find_queue(queue_name("a")), nullptr);
    ASSERT_NE(state.find_queue(first.id), nullptr);

    EXPECT_EQ(error_of(run(ForgetQueue{first.id})), ErrorCode::ok);
    EXPECT_EQ(state.find_queue(first.id), nullptr);
    const QueueRecord second = queue_of(run(make_queue("a")));
    EXPECT_GT(second.id, first.id);
    EXPECT_EQ(state.find_queue(queue_name("a"))->id, second.id);
}

// Else two queues would take requests by one name.
TEST_F(CatalogueQueues, a_queue_is_not_made_beside_a_deleted_one_of_its_name) {
    run(make_queue("a0"));
    const QueueRecord first = queue_of(run(make_queue("a")));
    run(make_queue("aa"));
    for (const char* name : {"a0", "a", "aa"}) run(DeleteQueue{queue_name(name)});
    const CatalogueVersion version = state.version;
    const Token token{SessionId(1), 1, 0, ClusterTime{1000}};
    const QueueRecord waits = queue_of(run(make_queue("a"), token));
    EXPECT_EQ(waits.id, first.id);
    EXPECT_EQ(waits.state, QueueStateKind::deleting);
    EXPECT_EQ(state.version, version);
    run(ForgetQueue{first.id});
    // That reply was not the token's: its command comes again.
    const QueueRecord made = queue_of(run(make_queue("a"), token));
    EXPECT_GT(made.id, first.id);
    EXPECT_EQ(made.state, QueueStateKind::active);
    // Of another account, or of another name, it does not wait.
    EXPECT_EQ(queue_of(run(CreateQueue{{"123456789012", "aa"}, {}, {}})).state, QueueStateKind::active);
}

TEST_F(CatalogueQueues, an_active_queue_is_never_forgotten) {
    const QueueRecord record = queue_of(run(make_queue("a")));
    EXPECT_EQ(error_of(run(ForgetQueue{record.id})), ErrorCode::invalid_argument);
    ASSERT_NE(state.find_queue(record.id), nullptr);
}

TEST_F(CatalogueQueues, forgetting_twice_changes_nothing) {
    const QueueRecord record = queue_of(run(make_queue("a")));
    run(DeleteQueue{queue_name("a")});
    run(ForgetQueue{record.id});
    const CatalogueVersion version = state.version;
    EXPECT_EQ(error_of(run(ForgetQueue{record.id})), ErrorCode::ok);
    EXPECT_EQ(state.version, version);
}

// faults.md Q18: what was meant for one incarnation never strikes the next one of that name.
TEST_F(CatalogueQueues, a_command_for_an_older_incarnation_spares_the_new_one) {
    const QueueId old = queue_of(run(make_queue("a"))).id;
    run(DeleteQueue{queue_name("a"), old});
    const Token token{SessionId(1), 1, 0, ClusterTime{1000}};
    EXPECT_EQ(error_of(run(DeleteQueue{queue_name("a"), old})), ErrorCode::queue_does_not_exist);
    run(ForgetQueue{old});
    const QueueRecord anew = queue_of(run(make_queue("a")));
    const CatalogueVersion version = state.version;
    SetQueueAttributes set{queue_name("a"), {}, attribute_mask_all(), old};
    set.attributes.visibility_ms = 1000;
    EXPECT_EQ(error_of(run(set)), ErrorCode::stale_catalogue);
    EXPECT_EQ(error_of(run(TagQueue{queue_name("a"), {{"k", "v"}}, {}, old})),
              ErrorCode::stale_catalogue);
    EXPECT_EQ(error_of(run(DeleteQueue{queue_name("a"), old}, token)), ErrorCode::stale_catalogue);
    EXPECT_EQ(state.version, version);
    EXPECT_EQ(*state.find_queue(queue_name("a")), anew);
    // The refusal is not the token's reply: the asker looks again and may mean the new one.
    EXPECT_EQ(error_of(run(DeleteQueue{queue_name("a"), anew.id}, token)), ErrorCode::ok);
}

TEST_F(CatalogueQueues, operations_on_an_absent_queue_are_refused) {
    const CatalogueVersion version = state.version;
    EXPECT_EQ(error_of(run(DeleteQueue{queue_name("x")})), ErrorCode::queue_does_not_exist);
    EXPECT_EQ(error_of(run(SetQueueAttributes{queue_name("x"), {}, 1})),
              ErrorCode::queue_does_not_exist);
    EXPECT_EQ(error_of(run(TagQueue{queue_name("x"), {}, {}})), ErrorCode::queue_does_not_exist);
    EXPECT_EQ(state.version, version);
}

TEST_F(CatalogueQueues, queues_go_to_the_group_with_the_fewest_active_ones) {
    EXPECT_EQ(queue_of(run(make_queue("a"))).group, GroupId(1));
    EXPECT_EQ(queue_of(run(make_queue("b"))).group, GroupId(2));
    EXPECT_EQ(queue_of(run(make_queue("c"))).group, GroupId(1));
    run(DeleteQueue{queue_name("a")});
    run(DeleteQueue{queue_name("c")});
    EXPECT_EQ(queue_of(run(make_queue("d"))).group, GroupId(1));
}

TEST_F(CatalogueQueues, only_masked_attributes_change) {
    const QueueRecord first = queue_of(run(make_queue("a")));
    SetQueueAttributes set{queue_name("a"), {}, 0};
    set.attributes.visibility_ms = 5;
    set.attributes.delay_ms = 7;
    for (const AttributeInfo& info : attribute_table()) {
        if (info.name == "delay_ms") set.mask = info.bit;
    }
    const QueueRecord changed = queue_of(run(set, {}, 100));
    EXPECT_EQ(changed.attributes.delay_ms, 7);
    EXPECT_EQ(changed.attributes.visibility_ms, first.attributes.visibility_ms);
    EXPECT_EQ(changed.version, first.version.next());
    EXPECT_EQ(changed.modified, ClusterTime{100});
    EXPECT_EQ(queue_of(run(set)), changed);
    EXPECT_EQ(state.version, changed.version);
}

TEST_F(CatalogueQueues, unknown_and_invalid_attributes_are_refused) {
    run(make_queue("a"));
    EXPECT_EQ(error_of(run(SetQueueAttributes{queue_name("a"), {}, 1u << 31})),
              ErrorCode::invalid_attribute);
    SetQueueAttributes set{queue_name("a"), {}, attribute_mask_all()};
    set.attributes.visibility_ms = -1;
    EXPECT_EQ(error_of(run(set)), ErrorCode::invalid_attribute);
    EXPECT_EQ(state.find_queue(queue_name("a"))->attributes, QueueAttributes{});
}

TEST_F(CatalogueQueues, tags_are_removed_and_set) {
    CreateQueue create = make_queue("a");
    create.tags = {{"x", "1"}, {"y", "2"}};
    run(create);
    const QueueRecord changed =
        queue_of(run(TagQueue{queue_name("a"), {{"z", "3"}}, {"x", "none"}}));
    EXPECT_EQ(changed.tags, (std::map<std::string, std::string>{{"y", "2"}, {"z", "3"}}));
    EXPECT_EQ(queue_of(run(TagQueue{queue_name("a"), {{"z", "3"}}, {"x"}})).version,
              changed.version);
}

TEST_F(CatalogueQueues, fifty_tags_fit_and_one_more_does_not) {
    run(make_queue("a"));
    TagQueue tag{queue_name("a"), {}, {}};
    for (size_t i = 0; i < limits::tags_max; ++i)
        tag.set["k" + std::to_string(i)] = "v";
    EXPECT_EQ(error_of(run(tag)), ErrorCode::ok);
    EXPECT_EQ(error_of(run(TagQueue{queue_name("a"), {{"more", ""}}, {}})),
              ErrorCode::invalid_argument);
    EXPECT_EQ(error_of(run(TagQueue{queue_name("a"), {{"more", ""}}, {"k0"}})), ErrorCode::ok);
}

TEST_F(CatalogueQueues, invalid_creations_are_refused) {
    EXPECT_EQ(error_of(run(make_queue(""))), ErrorCode::invalid_name);
    EXPECT_EQ(error_of(run(make_queue("a b"))), ErrorCode::invalid_name);
    EXPECT_EQ(error_of(run(make_queue("a.fifo"))), ErrorCode::not_supported);
    EXPECT_EQ(error_of(run(CreateQueue{{"1", "a"}, {}, {}})), ErrorCode::invalid_argument);
    CreateQueue create = make_queue("a");
    create.attributes.retention_ms = 1;
    EXPECT_EQ(error_of(run(create)), ErrorCode::invalid_attribute);
    create = make_queue("a");
    create.tags[""] = "x";
    EXPECT_EQ(error_of(run(create)), ErrorCode::invalid_argument);
    EXPECT_TRUE(state.queues.empty());
}

class CatalogueQueueBounds : public CatalogueTest {
protected:
    static CatalogueBounds small() {
        CatalogueBounds bounds;
        bounds.queues_max = 3;
        bounds.queue_records_bytes_max = 1000;
        return bounds;
    }
    CatalogueQueueBounds() : CatalogueTest(small()) {}
    void SetUp() override { bootstrap(); }
};

TEST_F(CatalogueQueueBounds, queues_up_to_the_bound_fit_and_deleting_ones_count) {
    for (const char* name : {"a", "b", "c"}) {
        EXPECT_EQ(error_of(run(make_queue(name))), ErrorCode::ok);
    }
    EXPECT_EQ(error_of(run(make_queue("d"))), ErrorCode::over_limit);
    const QueueRecord deleted = queue_of(run(DeleteQueue{queue_name("a")}));
    EXPECT_EQ(error_of(run(make_queue("d"))), ErrorCode::over_limit);
    run(ForgetQueue{deleted.id});
    EXPECT_EQ(error_of(run(make_queue("d"))), ErrorCode::ok);
}

TEST_F(CatalogueQueueBounds, bytes_of_records_are_bounded) {
    CreateQueue create = make_queue("a");
    for (int i = 0; i < 2; ++i)
        create.tags["k" + std::to_string(i)] = std::string(256, 'v');
    EXPECT_EQ(error_of(run(create)), ErrorCode::ok);
    create.name = queue_name("b");
    EXPECT_EQ(error_of(run(create)), ErrorCode::over_limit);
    EXPECT_EQ(error_of(run(make_queue("b"))), ErrorCode::ok);
    EXPECT_EQ(error_of(run(TagQueue{queue_name("b"), create.tags, {}})), ErrorCode::over_limit);
    EXPECT_EQ(error_of(run(TagQueue{queue_name("a"), {}, {"k0"}})), ErrorCode::ok);
}

}  // namespace
}  // namespace quern::metadata
