#include "system/metadata/cache.h"

#include <gtest/gtest.h>

#include "system/base/limits.h"
#include "tests/unit/metadata/catalogue_fixture.h"

namespace quern::metadata {
namespace {

constexpr Instant t0{1'000'000'000};

QueueRecord queue(const std::string& name, uint64_t id, uint64_t version) {
    QueueRecord record;
    record.id = QueueId(id);
    record.name = queue_name(name);
    record.group = GroupId(1);
    record.version = CatalogueVersion(version);
    return record;
}

UserRecord user(uint64_t id, std::vector<std::string> key_ids, uint64_t version) {
    UserRecord record;
    record.id = UserId(id);
    record.name = "u" + std::to_string(id);
    record.account = default_account;
    for (const std::string& key_id : key_ids)
        record.keys.push_back(make_key(key_id));
    record.version = CatalogueVersion(version);
    return record;
}

template <typename Record>
Change change(uint64_t version, Record record) {
    return {CatalogueVersion(version), std::move(record)};
}

class Cache : public testing::Test {
protected:
    void start(MetadataCache::Options options = {}, uint64_t version = 10) {
        cache = std::make_unique<MetadataCache>(options);
        cache->reset({make_node(1)}, {}, CatalogueVersion(version), t0);
    }
    void SetUp() override { start(); }

    void fetched(const QueueRecord& record, uint64_t read_at) {
        cache->fetched_queue(record.name, record, CatalogueVersion(read_at));
    }
    void fetched_absent(const std::string& name, uint64_t read_at) {
        cache->fetched_queue(queue_name(name), std::nullopt, CatalogueVersion(read_at));
    }
    void watched(const std::vector<Change>& changes, uint64_t up_to, Instant at = t0) {
        cache->watched(changes, CatalogueVersion(up_to), at);
    }
    Lookup look(const std::string& name, Instant now = t0) {
        const QueueRecord* record = nullptr;
        const Lookup lookup = cache->find_queue(queue_name(name), now, &record);
        version_found = record == nullptr ? 0 : record->version.value;
        id_found = record == nullptr ? 0 : record->id.value;
        return lookup;
    }
    Lookup look_user(const std::string& key_id, Instant now = t0) {
        const UserRecord* record = nullptr;
        const Lookup lookup = cache->find_user_by_key(key_id, now, &record);
        version_found = record == nullptr ? 0 : record->version.value;
        return lookup;
    }

    std::unique_ptr<MetadataCache> cache;
    uint64_t version_found = 0;
    uint64_t id_found = 0;
};

TEST_F(Cache, knows_only_what_was_fetched) {
    EXPECT_EQ(look("a"), Lookup::unknown);
    fetched(queue("a", 5, 5), 10);
    EXPECT_EQ(look("a"), Lookup::found);
    EXPECT_EQ(version_found, 5u);
    fetched_absent("b", 10);
    EXPECT_EQ(look("b"), Lookup::absent);
    EXPECT_EQ(cache->queue_count(), 2u);
}

TEST_F(Cache, finds_by_id_what_it_holds) {
    fetched(queue("a", 5, 5), 10);
    const QueueRecord* record = nullptr;
    EXPECT_EQ(cache->find_queue(QueueId(5), t0, &record), Lookup::found);
    EXPECT_EQ(record->name, queue_name("a"));
    watched({change(11, QueueRemoved{QueueId(5), queue_name("a")})}, 11);
    EXPECT_EQ(cache->find_queue(QueueId(5), t0, &record), Lookup::unknown);
}

TEST_F(Cache, a_watched_change_replaces_what_is_held) {
    fetched(queue("a", 5, 5), 10);
    watched({change(11, queue("a", 5, 11))}, 11);
    EXPECT_EQ(look("a"), Lookup::found);
    EXPECT_EQ(version_found, 11u);
    watched({change(12, QueueRemoved{QueueId(5), queue_name("a")})}, 12);
    EXPECT_EQ(look("a"), Lookup::absent);
    watched({change(13, queue("a", 13, 13))}, 13);
    EXPECT_EQ(look("a"), Lookup::found);
    EXPECT_EQ(id_found, 13u);
    EXPECT_EQ(cache->version(), CatalogueVersion(13));
}

TEST_F(Cache, a_stale_refill_after_an_invalidation_is_refused) {
    EXPECT_TRUE(cache->begin_fetch_queue(queue_name("a")));
    watched({change(11, QueueRemoved{QueueId(5), queue_name("a")}), change(12, queue("a", 12, 12))},
            12);
    fetched(queue("a", 5, 5), 10);
    EXPECT_EQ(look("a"), Lookup::unknown);
    EXPECT_TRUE(cache->begin_fetch_queue(queue_name("a")));
    fetched(queue("a", 12, 12), 12);
    EXPECT_EQ(look("a"), Lookup::found);
    EXPECT_EQ(id_found, 12u);
}

TEST_F(Cache, an_answer_ahead_of_the_watch_is_not_undone_by_it) {
    fetched(queue("a", 15, 15), 16);
    watched({change(11, queue("a", 5, 11)), change(12, QueueRemoved{QueueId(5), queue_name("a")})},
            12);
    EXPECT_EQ(look("a"), Lookup::found);
    EXPECT_EQ(id_found, 15u);
}

TEST_F(Cache, an_older_answer_never_replaces_a_newer_one) {
    fetched(queue("a", 5, 12), 14);
    fetched(queue("a", 5, 5), 11);
    look("a");
    EXPECT_EQ(version_found, 12u);
    fetched_absent("a", 13);
    EXPECT_EQ(look("a"), Lookup::found);
}

TEST_F(Cache, an_evicted_or_forgotten_record_does_not_come_back_older) {
    start({.queues_max = 1});
    fetched(queue("a", 5, 12), 12);
    fetched(queue("b", 6, 6), 12);
    fetched(queue("a", 5, 5), 11);
    EXPECT_EQ(look("a"), Lookup::unknown);
    cache->forget_queue(queue_name("b"));
    EXPECT_EQ(look("b"), Lookup::unknown);
    fetched(queue("b", 6, 6), 11);
    EXPECT_EQ(look("b"), Lookup::unknown);
    fetched(queue("b", 6, 6), 12);
    EXPECT_EQ(look("b"), Lookup::found);
}

TEST_F(Cache, answers_that_contradict_themselves_are_refused) {
    cache->fetched_queue(queue_name("a"), queue("b", 5, 5), CatalogueVersion(10));
    EXPECT_EQ(look("a"), Lookup::unknown);
    fetched(queue("a", 5, 20), 10);
    EXPECT_EQ(look("a"), Lookup::unknown);
    QueueRecord deleting = queue("a", 5, 10);
    deleting.state = QueueStateKind::deleting;
    fetched(deleting, 10);
    EXPECT_EQ(look("a"), Lookup::absent);
    cache->fetched_user("QKA", user(1, {"QKB"}, 5), CatalogueVersion(10));
    EXPECT_EQ(look_user("QKA"), Lookup::unknown);
}

TEST_F(Cache, the_least_recently_used_record_goes_first) {
    start({.queues_max = 2});
    fetched(queue("a", 1, 1), 10);
    fetched(queue("b", 2, 2), 10);
    look("a");
    fetched(queue("c", 3, 3), 10);
    EXPECT_EQ(cache->queue_count(), 2u);
    EXPECT_EQ(look("a"), Lookup::found);
    EXPECT_EQ(look("b"), Lookup::unknown);
    EXPECT_EQ(look("c"), Lookup::found);
}

TEST_F(Cache, users_are_bounded_too) {
    start({.users_max = 2});
    for (int i = 0; i < 5; ++i) {
        const std::string key_id = "QK" + std::to_string(i);
        cache->fetched_user(key_id, user(static_cast<uint64_t>(i + 1), {key_id}, 5),
                            CatalogueVersion(10));
    }
    EXPECT_EQ(cache->user_count(), 2u);
}

TEST_F(Cache, forgotten_tombstones_refuse_old_answers_wholesale) {
    std::vector<Change> changes;
    const uint64_t last = 20 + limits::cache_tombstones_max;
    for (uint64_t version = 20; version <= last; ++version) {
        changes.push_back(change(version, queue("q" + std::to_string(version), version, version)));
    }
    watched(changes, last);
    fetched_absent("q20", 19);  // its tombstone made room for the last one
    EXPECT_EQ(look("q20"), Lookup::unknown);
    fetched(queue("q20", 20, 20), 20);
    EXPECT_EQ(look("q20"), Lookup::found);
    fetched_absent("other", 19);
    EXPECT_EQ(look("other"), Lookup::unknown);
}

TEST_F(Cache, without_a_watch_everything_is_unknown_after_the_lease) {
    fetched(queue("a", 5, 5), 10);
    cache->fetched_user("QKA", user(1, {"QKA"}, 5), CatalogueVersion(10));
    const Instant end = t0 + Duration::seconds(2);
    EXPECT_EQ(look("a", end), Lookup::found);
    const Instant late = end + Duration::nanoseconds(1);
    EXPECT_FALSE(cache->fresh(late));
    EXPECT_EQ(look("a", late), Lookup::unknown);
    EXPECT_EQ(look_user("QKA", late), Lookup::unknown);
    const QueueRecord* record = nullptr;
    EXPECT_EQ(cache->find_queue(QueueId(5), late, &record), Lookup::unknown);
    // The lease counts from when the poll was asked, not from when it was answered.
    watched({}, 10, t0 + Duration::seconds(1));
    EXPECT_EQ(look("a", t0 + Duration::seconds(3)), Lookup::found);
    EXPECT_EQ(look("a", t0 + Duration::milliseconds(3001)), Lookup::unknown);
}

TEST_F(Cache, an_answer_behind_the_watch_extends_no_lease) {
    watched({}, 12, t0);
    watched({}, 11, t0 + Duration::seconds(1));
    EXPECT_FALSE(cache->fresh(t0 + Duration::milliseconds(2001)));
    EXPECT_EQ(cache->version(), CatalogueVersion(12));
}

TEST_F(Cache, before_the_first_fill_nothing_is_known) {
    MetadataCache fresh_cache({});
    fresh_cache.fetched_queue(queue_name("a"), queue("a", 5, 5), CatalogueVersion(10));
    const QueueRecord* record = nullptr;
    EXPECT_EQ(fresh_cache.find_queue(queue_name("a"), t0, &record), Lookup::unknown);
    fresh_cache.watched({}, CatalogueVersion(10), t0);
    EXPECT_FALSE(fresh_cache.fresh(t0));
}

TEST_F(Cache, a_reset_drops_everything_and_refuses_older_answers) {
    fetched(queue("a", 5, 5), 10);
    cache->reset({make_node(2)}, {}, CatalogueVersion(50), t0);
    EXPECT_EQ(look("a"), Lookup::unknown);
    EXPECT_EQ(cache->nodes().size(), 1u);
    fetched(queue("a", 5, 5), 49);
    EXPECT_EQ(look("a"), Lookup::unknown);
    fetched(queue("a", 5, 5), 50);
    EXPECT_EQ(look("a"), Lookup::found);
    cache->reset({}, {}, CatalogueVersion(40), t0);
    EXPECT_EQ(cache->version(), CatalogueVersion(50));
}

TEST_F(Cache, one_fetch_at_a_time) {
    EXPECT_TRUE(cache->begin_fetch_queue(queue_name("a")));
    EXPECT_FALSE(cache->begin_fetch_queue(queue_name("a")));
    EXPECT_TRUE(cache->begin_fetch_queue(queue_name("b")));
    cache->fetch_failed_queue(queue_name("a"));
    EXPECT_TRUE(cache->begin_fetch_queue(queue_name("a")));
    fetched_absent("a", 10);
    EXPECT_TRUE(cache->begin_fetch_queue(queue_name("a")));
    EXPECT_TRUE(cache->begin_fetch_user("QKA"));
    EXPECT_FALSE(cache->begin_fetch_user("QKA"));
    cache->fetch_failed_user("QKA");
    EXPECT_TRUE(cache->begin_fetch_user("QKA"));
}

TEST_F(Cache, a_revoked_key_is_gone_with_the_watch) {
    cache->fetched_user("QKA", user(1, {"QKA", "QKB"}, 5), CatalogueVersion(10));
    EXPECT_EQ(look_user("QKA"), Lookup::found);
    watched({change(11, user(1, {"QKB"}, 11))}, 11);
    EXPECT_EQ(look_user("QKA"), Lookup::absent);
}

TEST_F(Cache, an_answer_on_its_way_does_not_bring_a_revoked_key_back) {
    EXPECT_TRUE(cache->begin_fetch_user("QKA"));
    watched({change(11, user(1, {"QKB"}, 11))}, 11);
    cache->fetched_user("QKA", user(1, {"QKA", "QKB"}, 5), CatalogueVersion(10));
    EXPECT_EQ(look_user("QKA"), Lookup::unknown);
}

TEST_F(Cache, a_removed_user_is_gone_with_all_keys) {
    for (const char* key_id : {"QKA", "QKB"}) {
        cache->fetched_user(key_id, user(1, {"QKA", "QKB"}, 5), CatalogueVersion(10));
    }
    watched({change(11, UserRemoved{UserId(1), "u1", {"QKA", "QKB"}})}, 11);
    EXPECT_EQ(look_user("QKA"), Lookup::absent);
    EXPECT_EQ(look_user("QKB"), Lookup::absent);
}

TEST_F(Cache, a_key_may_pass_to_another_user) {
    cache->fetched_user("QKA", user(1, {"QKA"}, 5), CatalogueVersion(10));
    watched({change(11, user(1, {}, 11)), change(12, user(2, {"QKA"}, 12))}, 12);
    EXPECT_EQ(look_user("QKA"), Lookup::found);
    EXPECT_EQ(version_found, 12u);
}

TEST_F(Cache, nodes_and_groups_follow_the_watch) {
    NodeRecord node = make_node(2);
    node.version = CatalogueVersion(11);
    GroupRecord group{.id = GroupId(1),
                      .incarnation = {},
                      .replicas = {NodeId(1)},
                      .version = CatalogueVersion(12)};
    watched({change(11, node), change(12, group)}, 12);
    EXPECT_EQ(cache->nodes().size(), 2u);
    EXPECT_EQ(cache->groups().at(GroupId(1)), group);
}

}  // namespace
}  // namespace quern::metadata
