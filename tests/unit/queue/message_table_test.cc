#include <gtest/gtest.h>

#include <map>
#include <set>

#include "system/base/prng.h"
#include "system/queue/due_index.h"
#include "system/queue/message_table.h"

namespace quern::queue::test {
namespace {

MessageRecord& add(MessageTable& table, uint64_t seq, MessageState state = MessageState::ready) {
    MessageRecord& r = table.append(MessageSeq{seq}, state);
    r.index = seq * 10;
    r.sent_ms = static_cast<int64_t>(seq / 3);
    return r;
}

TEST(MessageTable, finds_what_was_added_across_pages_and_directories) {
    MessageTable table;
    for (uint64_t seq = 1; seq <= 5000; ++seq) add(table, seq);
    EXPECT_EQ(table.size(), 5000u);
    for (const uint64_t seq : {1u, 63u, 64u, 65u, 2047u, 2048u, 5000u}) {
        ASSERT_NE(table.find(MessageSeq{seq}), nullptr);
        EXPECT_EQ(table.find(MessageSeq{seq})->index, seq * 10);
    }
    EXPECT_EQ(table.find(MessageSeq{0}), nullptr);
    EXPECT_EQ(table.find(MessageSeq{5001}), nullptr);
    EXPECT_TRUE(table.consistent());
}

TEST(MessageTable, copies_do_not_see_later_changes) {
    MessageTable table;
    for (uint64_t seq = 1; seq <= 3000; ++seq) add(table, seq);
    const MessageTable copy = table;
    for (uint64_t seq = 1; seq <= 3000; ++seq) {
        if (seq % 3 == 0) table.erase(MessageSeq{seq});
        if (seq % 3 == 1) table.edit(MessageSeq{seq}, MessageState::leased).epoch = 9;
    }
    add(table, 3001);
    EXPECT_EQ(copy.size(), 3000u);
    EXPECT_TRUE(copy.consistent());
    for (uint64_t seq = 1; seq <= 3000; ++seq) {
        ASSERT_NE(copy.find(MessageSeq{seq}), nullptr);
        ASSERT_EQ(copy.find(MessageSeq{seq})->epoch, 0u);
        ASSERT_EQ(copy.state(MessageSeq{seq}), MessageState::ready);
    }
    EXPECT_EQ(copy.find(MessageSeq{3001}), nullptr);
}

TEST(MessageTable, scattered_survivors_cost_little_more_than_their_records) {
    MessageTable table;
    for (uint64_t seq = 1; seq <= 100'000; ++seq) add(table, seq);
    const size_t full = table.memory_bytes();
    EXPECT_LT(full, 100'000 * 64);
    for (uint64_t seq = 1; seq <= 100'000; ++seq) {
        if (seq % 64 != 5) table.erase(MessageSeq{seq});
    }
    EXPECT_LT(table.memory_bytes(), table.size() * 350);
    EXPECT_TRUE(table.consistent());
    for (uint64_t seq = 5; seq <= 100'000; seq += 64) {
        ASSERT_EQ(table.find(MessageSeq{seq})->index, seq * 10);
    }
}

TEST(MessageTable, search_by_time_finds_the_first_later_message) {
    MessageTable table;
    EXPECT_EQ(table.first_sent_after(0), no_message);
    for (uint64_t seq = 1; seq <= 6000; ++seq) add(table, seq);
    for (uint64_t seq = 100; seq <= 4000; ++seq) table.erase(MessageSeq{seq});
    EXPECT_EQ(table.first_sent_after(-1), MessageSeq{1});
    EXPECT_EQ(table.first_sent_after(0), MessageSeq{3});
    EXPECT_EQ(table.first_sent_after(33), MessageSeq{4001});
    EXPECT_EQ(table.first_sent_after(1999), MessageSeq{6000});
    EXPECT_EQ(table.first_sent_after(2000), no_message);
}

TEST(MessageTable, alternating_sends_and_deletes_keep_a_small_page) {
    MessageTable table;
    for (uint64_t seq = 1; seq <= 10'000; ++seq) {
        add(table, seq);
        table.erase(MessageSeq{seq});
        ASSERT_LT(table.memory_bytes(), 1000u);
    }
    EXPECT_TRUE(table.consistent());
}

// Random changes against a map, with copies held for a while.
TEST(MessageTable, agrees_with_a_map) {
    for (uint64_t seed = 1; seed <= 30; ++seed) {
        Prng random(seed);
        MessageTable table;
        std::map<uint64_t, MessageState> model;
        std::vector<std::pair<MessageTable, std::map<uint64_t, MessageState>>> copies;
        uint64_t next = 1;
        const uint64_t stride = 1 + random.below(40);
        for (int i = 0; i < 1500; ++i) {
            const uint64_t what = random.below(10);
            const auto state = static_cast<MessageState>(random.below(3));
            auto it = model.lower_bound(random.below(next + 1));
            if (what < 4 || it == model.end()) {
                next += 1 + (random.chance(1, 4) ? random.below(stride * stride) : 0);
                add(table, next, state);
                model[next++] = state;
            } else if (what < 6) {
                table.edit(MessageSeq{it->first}, state);
                it->second = state;
            } else if (what < 9 || !random.chance(1, 40)) {
                table.erase(MessageSeq{it->first});
                model.erase(it);
            } else {
                const uint64_t page = it->first / page_messages;
                table.erase_page(page);
                std::erase_if(model, [&](const auto& m) { return m.first / page_messages == page; });
            }
            ASSERT_EQ(table.size(), model.size());
            if (random.chance(1, 100)) copies.emplace_back(table, model);
            const MessageSeq from{random.below(next + 10)};
            MessageSeq any = no_message, ready = no_message, delayed = no_message;
            for (auto m = model.lower_bound(from.value); m != model.end(); ++m) {
                any = std::min(any, MessageSeq{m->first});
                if (m->second == MessageState::ready) ready = std::min(ready, MessageSeq{m->first});
                if (m->second == MessageState::delayed) delayed = std::min(delayed, MessageSeq{m->first});
            }
            ASSERT_EQ(table.next(from), any);
            ASSERT_EQ(table.next_ready(from), ready);
            ASSERT_EQ(table.next_delayed(from), delayed);
        }
        copies.emplace_back(table, model);
        for (const auto& [copy, then] : copies) {
            ASSERT_TRUE(copy.consistent());
            for (const auto& [seq, state] : then) ASSERT_EQ(copy.state(MessageSeq{seq}), state);
        }
    }
}

TEST(DueIndex, gives_the_earliest_valid_message_and_stays_bounded) {
    MessageTable table;
    DueIndex due;
    for (uint64_t seq = 1; seq <= 10; ++seq) {
        add(table, seq, MessageState::leased).due_ms = 100 - static_cast<int64_t>(seq);
        due.add(table.find(MessageSeq{seq})->due_ms, MessageSeq{seq});
    }
    EXPECT_EQ(*due.first(table), (DueMessage{90, MessageSeq{10}}));
    table.erase(MessageSeq{10});
    EXPECT_EQ(*due.first(table), (DueMessage{91, MessageSeq{9}}));
    // One message whose time goes back and forth.
    for (int i = 0; i < 1000; ++i) {
        const int64_t until = 50 + i % 2;
        table.edit(MessageSeq{1}, MessageState::leased).due_ms = until;
        due.add(until, MessageSeq{1});
        due.limit_stale(table, 9);
        ASSERT_LE(due.size(), 2 * 9 + 64u);
    }
    EXPECT_EQ(*due.first(table), (DueMessage{51, MessageSeq{1}}));
    EXPECT_TRUE(due.covers(table));
    DueIndex rebuilt;
    rebuilt.rebuild(table);
    EXPECT_EQ(*rebuilt.first(table), *due.first(table));
}

}  // namespace
}  // namespace quern::queue::test
