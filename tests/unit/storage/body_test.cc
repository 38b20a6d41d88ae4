// Stored bodies: carried over, dropped, rewritten, recovered; damage is told.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "system/storage/body_index.h"
#include "tests/unit/storage/mem_world.h"

namespace quern::test {
namespace {

using namespace storage;

struct Bodies : ::testing::Test {
    MemWorld world;
    std::unique_ptr<NodeStorage> node;

    void SetUp() override {
        ASSERT_TRUE(world.format().has_value());
        open();
        ASSERT_TRUE(world.commit(*node, {create_group(1)}).has_value());
    }
    void open() {
        auto opened = world.open();
        ASSERT_TRUE(opened.has_value()) << opened.error().to_string();
        node = std::move(*opened);
    }
    // Nothing is cached afterwards.
    void restart() {
        world.options.payload_cache_bytes = 0;
        node.reset();
        world.forget();
        world.disk.crash_losing_all();
        open();
    }
    static std::string content(uint64_t index, uint32_t size) {
        return std::string(size, static_cast<char>('a' + index % 26));
    }
    static BodyRef ref(uint64_t index, uint32_t size) { return {LogIndex(index), 4, size}; }
    // Entry `index` with a body of `size` bytes at offset 4.
    void send(uint64_t index, uint32_t size) {
        ASSERT_TRUE(world.commit(*node, {entries(1, index, 1, {"head" + content(index, size)})})
                        .has_value());
    }
    ErrorCode carry(std::vector<BodyRef> live) {
        ErrorCode code = ErrorCode::cancelled;
        node->carry_over(GroupId(1), std::move(live), [&](const Result<void>& done) {
            code = done ? ErrorCode::ok : done.error().code;
        });
        world.run();
        return code;
    }
    void compact(uint64_t index) {
        GroupChange change;
        change.group = GroupId(1);
        change.snapshot_index = LogIndex(index);
        change.snapshot_term = Term(1);
        ASSERT_TRUE(world.commit(*node, {change}).has_value());
    }
    std::string read(const BodyRef& body) {
        Result<Buffer> result = fail(ErrorCode::cancelled);
        node->read_body(GroupId(1), body, [&](Result<Buffer> bytes) { result = std::move(bytes); });
        world.run();
        return result ? std::string(result->text()) : std::string(error_name(result.error().code));
    }
    ErrorCode store(const BodyRef& body, const std::string& bytes) {
        ErrorCode code = ErrorCode::cancelled;
        node->store_body(GroupId(1), body, Buffer::copy_of(bytes), [&](const Result<void>& done) {
            code = done ? ErrorCode::ok : done.error().code;
        });
        world.run();
        return code;
    }
    uint64_t file_bytes() {
        uint64_t bytes = 0;
        for (const std::string& path : world.disk.paths()) {
            if (path.starts_with("bodies/")) bytes += world.disk.inode(path).bytes.size();
        }
        return bytes;
    }
    std::string first_file() const {
        for (const std::string& path : world.disk.paths()) {
            if (path.starts_with("bodies/")) return path;
        }
        return "";
    }
};

TEST_F(Bodies, survive_the_log_when_carried_over) {
    for (uint64_t i = 1; i <= 40; ++i)
        send(i, 1000);
    std::vector<BodyRef> live;
    for (uint64_t i = 1; i <= 40; i += 2)
        live.push_back(ref(i, 1000));
    ASSERT_EQ(carry(live), ErrorCode::ok);
    compact(40);
    restart();
    for (uint64_t i = 1; i <= 40; ++i) {
        EXPECT_EQ(read(ref(i, 1000)), i % 2 == 1 ? content(i, 1000) : "not_found") << i;
    }
    // Again: nothing is written twice.
    const uint64_t before = file_bytes();
    ASSERT_EQ(carry(live), ErrorCode::ok);
    EXPECT_EQ(file_bytes(), before);
}

// A leader may apply an entry, and freeze a snapshot, before its own disk has got to it.
TEST_F(Bodies, those_on_their_way_to_the_log_are_carried_over_as_well) {
    restart();
    for (uint64_t i = 1; i <= 3; ++i) {  // the first is being written, the others wait
        node->write({entries(1, i, 1, {"head" + content(i, 1000)})}, [](const Result<void>&) {});
    }
    ASSERT_EQ(carry({ref(1, 1000), ref(2, 1000), ref(3, 1000)}), ErrorCode::ok);
    compact(3);
    restart();
    for (uint64_t i = 1; i <= 3; ++i) EXPECT_EQ(read(ref(i, 1000)), content(i, 1000)) << i;
}

// The tail of an earlier leader is still in the log, and in the cache, when what replaces it was committed by others.
TEST_F(Bodies, those_of_a_tail_that_is_about_to_be_cut_are_not) {
    for (const bool cache : {true, false}) {
        if (!cache) restart();
        const uint64_t first = cache ? 1 : 11;
        send(first, 10);
        send(first + 1, 10);
        GroupChange filler = entries(1, first + 2, 1, {"filler"});
        GroupChange rewrite = entries(1, first + 1, 2, {"head" + std::string(10, 'Z')});
        rewrite.truncate_from = LogIndex(first + 1);
        node->write({filler}, [](const Result<void>&) {});  // being written; the next waits
        node->write({rewrite}, [](const Result<void>&) {});
        EXPECT_EQ(node->body_cached(GroupId(1), ref(first + 1, 10))->text(), std::string(10, 'Z'));
        ASSERT_EQ(carry({ref(first, 10), ref(first + 1, 10)}), ErrorCode::ok);
        compact(first + 1);
        EXPECT_EQ(read(ref(first, 10)), content(first, 10));
        EXPECT_EQ(read(ref(first + 1, 10)), std::string(10, 'Z'));
        for (uint64_t i = first + 2; i < first + 10; ++i) send(i, 10);
    }
}

TEST_F(Bodies, received_bodies_can_be_read_at_once_and_after_a_sync_for_good) {
    ASSERT_EQ(store(ref(7, 3), "abc"), ErrorCode::ok);
    EXPECT_EQ(read(ref(7, 3)), "abc");
    ErrorCode synced = ErrorCode::cancelled;
    node->sync_bodies(GroupId(1), [&](const Result<void>& done) {
        synced = done ? ErrorCode::ok : done.error().code;
    });
    world.run();
    ASSERT_EQ(synced, ErrorCode::ok);
    restart();
    EXPECT_EQ(read(ref(7, 3)), "abc");
    node->drop_all_bodies(GroupId(1));
    EXPECT_EQ(read(ref(7, 3)), "not_found");
    world.run();
    EXPECT_EQ(file_bytes(), 0u);
}

TEST_F(Bodies, dropped_ones_give_their_room_back) {
    std::vector<BodyRef> live;
    for (uint64_t i = 1; i <= 100; ++i) {
        send(i, 1000);
        live.push_back(ref(i, 1000));
    }
    ASSERT_EQ(carry(live), ErrorCode::ok);
    compact(100);
    const uint64_t before = file_bytes();
    EXPECT_GT(before, 100'000u);
    for (uint64_t i = 1; i <= 100; ++i) {
        if (i % 10 != 0) node->drop_body(GroupId(1), ref(i, 1000));
    }
    world.run();
    EXPECT_LT(file_bytes(), 2 * 10'000u + 2 * world.options.body_segment_bytes);
    EXPECT_GT(world.metrics.counter("body_segments_rewritten_total").value, 0u);
    for (uint64_t i = 10; i <= 100; i += 10)
        EXPECT_EQ(read(ref(i, 1000)), content(i, 1000));
    restart();
    for (uint64_t i = 10; i <= 100; i += 10)
        EXPECT_EQ(read(ref(i, 1000)), content(i, 1000));
}

TEST_F(Bodies, dropped_ones_give_their_room_back_in_every_segment) {
    for (uint64_t first = 1; first <= 200; first += 10) {
        std::vector<BodyRef> live;
        for (uint64_t i = first; i < first + 10; ++i) {
            send(i, 1000);
            live.push_back(ref(i, 1000));
        }
        ASSERT_EQ(carry(live), ErrorCode::ok);
    }
    compact(200);
    for (uint64_t i = 1; i <= 200; ++i) {
        if (i % 20 != 0) node->drop_body(GroupId(1), ref(i, 1000));
    }
    world.run();
    EXPECT_LT(file_bytes(), 2 * 10'000u + 2 * world.options.body_segment_bytes);
    for (uint64_t i = 20; i <= 200; i += 20) EXPECT_EQ(read(ref(i, 1000)), content(i, 1000));
}

TEST_F(Bodies, garbage_of_an_earlier_life_goes_when_the_live_ones_are_named) {
    std::vector<BodyRef> live;
    for (uint64_t i = 1; i <= 60; ++i) {
        send(i, 1000);
        live.push_back(ref(i, 1000));
    }
    ASSERT_EQ(carry(live), ErrorCode::ok);
    compact(60);
    restart();
    node->retain_bodies(GroupId(1), {}, ref(30, 1000), {ref(5, 1000)});
    EXPECT_EQ(read(ref(31, 1000)), content(31, 1000));
    EXPECT_EQ(read(ref(30, 1000)), "not_found");
    node->retain_bodies(GroupId(1), ref(30, 1000), {LogIndex(UINT64_MAX), 0, 0}, {ref(59, 1000)});
    world.run();
    EXPECT_EQ(read(ref(5, 1000)), content(5, 1000));
    EXPECT_EQ(read(ref(59, 1000)), content(59, 1000));
    EXPECT_EQ(read(ref(6, 1000)), "not_found");
    EXPECT_LT(file_bytes(), 2 * world.options.body_segment_bytes);
}

TEST_F(Bodies, damage_is_told_and_a_good_copy_replaces_it) {
    send(1, 1000);
    send(2, 1000);
    ASSERT_EQ(carry({ref(1, 1000), ref(2, 1000)}), ErrorCode::ok);
    compact(2);
    restart();
    world.disk.flip(first_file(), 500);
    EXPECT_EQ(read(ref(1, 1000)), "corrupt");
    EXPECT_EQ(read(ref(1, 1000)), "corrupt");
    EXPECT_EQ(read(ref(2, 1000)), content(2, 1000));
    ASSERT_EQ(store(ref(1, 1000), content(1, 1000)), ErrorCode::ok);
    EXPECT_EQ(read(ref(1, 1000)), content(1, 1000));
}

TEST_F(Bodies, damage_found_by_recovery_is_not_absence) {
    for (uint64_t i = 1; i <= 3; ++i)
        send(i, 1000);
    ASSERT_EQ(carry({ref(1, 1000), ref(2, 1000), ref(3, 1000)}), ErrorCode::ok);
    compact(3);
    world.disk.flip(first_file(), 1500);
    ASSERT_EQ(read(ref(2, 1000)), content(2, 1000));  // from the cache
    restart();
    EXPECT_EQ(read(ref(1, 1000)), content(1, 1000));
    EXPECT_EQ(read(ref(2, 1000)), "corrupt");
    EXPECT_EQ(read(ref(3, 1000)), content(3, 1000));
}

TEST_F(Bodies, what_should_be_stored_and_is_not_was_damaged) {
    for (uint64_t i = 1; i <= 3; ++i)
        send(i, 1000);
    ASSERT_EQ(carry({ref(1, 1000)}), ErrorCode::ok);
    compact(3);
    restart();
    EXPECT_EQ(read(ref(3, 1000)), "not_found");
    node->retain_bodies(GroupId(1), {}, ref(3, 1000), {ref(1, 1000)});
    EXPECT_EQ(read(ref(3, 1000)), "not_found");
    node->retain_bodies(GroupId(1), {}, ref(3, 1000), {ref(1, 1000), ref(3, 1000)});
    EXPECT_EQ(read(ref(3, 1000)), "corrupt");
    EXPECT_EQ(read(ref(2, 1000)), "not_found");
    EXPECT_EQ(read(ref(1, 1000)), content(1, 1000));
    node->drop_body(GroupId(1), ref(3, 1000));
    EXPECT_EQ(read(ref(3, 1000)), "not_found");
}

TEST_F(Bodies, what_cannot_be_read_is_named_and_the_rest_is_carried) {
    restart();
    for (uint64_t i = 1; i <= 3; ++i)
        send(i, 5000);
    for (const std::string& path : world.disk.paths()) {
        if (!path.starts_with("wal/")) continue;
        auto& bytes = world.disk.inode(path).bytes;
        const auto at = std::search_n(bytes.begin(), bytes.end(), 100, content(2, 1)[0]);
        if (at != bytes.end()) *at ^= 1;
    }
    EXPECT_EQ(carry({ref(1, 5000), ref(2, 5000), ref(3, 5000)}), ErrorCode::corrupt);
    compact(3);
    EXPECT_EQ(read(ref(1, 5000)), content(1, 5000));
    EXPECT_EQ(read(ref(3, 5000)), content(3, 5000));
}

TEST_F(Bodies, a_segment_that_goes_while_it_is_synced_holds_nothing_up) {
    std::vector<BodyRef> all;
    for (uint64_t i = 1; i <= 100; ++i) {
        all.push_back(ref(i, 1000));
        ASSERT_EQ(store(all.back(), content(i, 1000)), ErrorCode::ok);
    }
    ErrorCode synced = ErrorCode::cancelled;
    node->sync_bodies(GroupId(1), [&](const Result<void>& done) {
        synced = done ? ErrorCode::ok : done.error().code;
    });
    world.post([&] {
        for (const BodyRef& body : all) node->drop_body(GroupId(1), body);
    });
    world.run();
    EXPECT_EQ(synced, ErrorCode::ok);
    EXPECT_EQ(store(ref(200, 3), "abc"), ErrorCode::ok);
    EXPECT_EQ(read(ref(200, 3)), "abc");
}

TEST_F(Bodies, a_removed_group_takes_its_files_along) {
    send(1, 1000);
    ASSERT_EQ(carry({ref(1, 1000)}), ErrorCode::ok);
    GroupChange removal;
    removal.group = GroupId(1);
    removal.remove = true;
    ASSERT_TRUE(world.commit(*node, {removal}).has_value());
    world.run();
    EXPECT_EQ(file_bytes(), 0u);
}

// A new replica gets its first snapshot while the record that creates it is still on its way to the disk.
TEST_F(Bodies, those_of_a_group_just_created_stay) {
    GroupChange removal;
    removal.group = GroupId(1);
    removal.remove = true;
    GroupChange creation = create_group(1);
    creation.incarnation = {10, 1};
    send(1, 1000);
    ASSERT_EQ(carry({ref(1, 1000)}), ErrorCode::ok);
    node->write({removal}, [](const Result<void>&) {});
    node->write({creation}, [](const Result<void>&) {});
    EXPECT_EQ(store(ref(7, 3), "abc"), ErrorCode::ok);
    world.run();
    EXPECT_EQ(read(ref(7, 3)), "abc");
    EXPECT_EQ(read(ref(1, 1000)), "not_found");
    node->sync_bodies(GroupId(1), [](const Result<void>&) {});
    world.run();
    restart();
    EXPECT_EQ(read(ref(7, 3)), "abc");
}

TEST_F(Bodies, a_full_disk_refuses_and_later_accepts) {
    world.disk.capacity_bytes = world.disk.used_bytes();
    EXPECT_EQ(store(ref(7, 3), "abc"), ErrorCode::no_space);
    EXPECT_EQ(read(ref(7, 3)), "not_found");
    EXPECT_FALSE(node->failed());
    world.disk.capacity_bytes = UINT64_MAX;
    EXPECT_EQ(store(ref(7, 3), "abc"), ErrorCode::ok);
    EXPECT_EQ(read(ref(7, 3)), "abc");
}

TEST(BodyIndex, behaves_like_a_map) {
    EXPECT_TRUE(rc::check([](const std::vector<std::pair<uint16_t, bool>>& steps) {
        BodyIndex index;
        std::map<uint64_t, uint32_t> model;
        for (const auto& [key, insert] : steps) {
            // Repeated keys spread over several chunks.
            for (uint64_t k = key % 700; k < 1400; k += 7) {
                if (insert) {
                    const auto unit = static_cast<uint32_t>(k + 1);
                    RC_ASSERT(index.insert({k, 0, 8, 1, unit}) == model.emplace(k, unit).second);
                } else {
                    index.erase({LogIndex(k), 0, 8});
                    model.erase(k);
                }
            }
        }
        RC_ASSERT(index.size() == model.size());
        for (uint64_t k = 0; k < 1400; ++k) {
            const BodySlot* slot = index.find({LogIndex(k), 0, 8});
            RC_ASSERT((slot != nullptr) == model.contains(k));
            if (slot != nullptr) RC_ASSERT(slot->unit == model.at(k));
        }
    }));
}

}  // namespace
}  // namespace quern::test
