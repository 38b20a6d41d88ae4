#include "system/raft/log.h"

#include <gtest/gtest.h>

namespace quern::raft {
namespace {

Entry entry(uint64_t index, uint64_t term, const char* payload = "x") {
    return {LogIndex(index), Term(term), EntryKind::command, Buffer::copy_of(payload)};
}

// Terms 1 1 2 2 4 at 11..15 after a snapshot at 10:1.
Log example() {
    Log log(LogIndex(10), Term(1));
    const uint64_t terms[] = {1, 1, 2, 2, 4};
    for (uint64_t i = 0; i < 5; ++i) log.append(entry(11 + i, terms[i]));
    return log;
}

TEST(Log, knows_terms_from_the_snapshot_on) {
    const Log log = example();
    EXPECT_EQ(log.term_at(LogIndex(9)), Term(0));
    EXPECT_EQ(log.term_at(LogIndex(10)), Term(1));
    EXPECT_EQ(log.term_at(LogIndex(13)), Term(2));
    EXPECT_EQ(log.term_at(LogIndex(16)), Term(0));
    EXPECT_TRUE(log.matches(LogIndex(10), Term(1)));
    EXPECT_FALSE(log.matches(LogIndex(9), Term(0)));
    EXPECT_FALSE(log.matches(LogIndex(16), Term(0)));
    EXPECT_TRUE(Log(LogIndex(0), Term(0)).matches(LogIndex(0), Term(0)));
}

// Thesis 3.6.1: the later last term wins, then the longer log.
TEST(Log, up_to_date) {
    const Log log = example();
    EXPECT_TRUE(log.is_up_to_date(LogIndex(15), Term(4)));
    EXPECT_TRUE(log.is_up_to_date(LogIndex(11), Term(5)));
    EXPECT_FALSE(log.is_up_to_date(LogIndex(14), Term(4)));
    EXPECT_FALSE(log.is_up_to_date(LogIndex(99), Term(3)));
}

TEST(Log, last_position_with_a_term_at_most) {
    const Log log = example();
    const LogIndex end(99);
    EXPECT_EQ(log.last_with_term_at_most(end, Term(9)), LogIndex(15));
    EXPECT_EQ(log.last_with_term_at_most(end, Term(3)), LogIndex(14));
    EXPECT_EQ(log.last_with_term_at_most(end, Term(1)), LogIndex(12));
    EXPECT_EQ(log.last_with_term_at_most(LogIndex(13), Term(2)), LogIndex(13));
    EXPECT_EQ(log.last_with_term_at_most(end, Term(0)), LogIndex(10));
    EXPECT_EQ(log.last_with_term_at_most(LogIndex(3), Term(9)), LogIndex(10));
}

TEST(Log, truncate_and_compact) {
    Log log = example();
    log.truncate(LogIndex(14));
    EXPECT_EQ(log.last(), LogIndex(13));
    EXPECT_EQ(log.last_term(), Term(2));
    log.compact(LogIndex(12));
    EXPECT_EQ(log.first(), LogIndex(13));
    EXPECT_EQ(log.base_term(), Term(1));
    EXPECT_EQ(log.cached_bytes(), 1u);
    log.compact(LogIndex(13));
    EXPECT_EQ(log.last(), LogIndex(13));
    EXPECT_EQ(log.last_term(), Term(2));
    EXPECT_EQ(log.cached_bytes(), 0u);
    log.append(entry(14, 5));
    EXPECT_EQ(log.term_at(LogIndex(14)), Term(5));
}

TEST(Log, dropped_payloads_keep_terms_and_configurations) {
    Log log(LogIndex(0), Term(0));
    log.append({LogIndex(1), Term(1), EntryKind::configuration, Buffer::copy_of("c")});
    log.append(entry(2, 1, "four"));
    log.append({LogIndex(3), Term(1), EntryKind::noop, Buffer()});
    log.append(entry(4, 1, "four"));
    EXPECT_EQ(log.cached_bytes(), 9u);
    log.drop_payloads(LogIndex(3));
    EXPECT_EQ(log.cached_bytes(), 5u);
    EXPECT_TRUE(log.cached(LogIndex(1)));
    EXPECT_FALSE(log.cached(LogIndex(2)));
    EXPECT_TRUE(log.cached(LogIndex(3)));
    EXPECT_TRUE(log.cached(LogIndex(4)));
    EXPECT_EQ(log.term_at(LogIndex(2)), Term(1));
    // Entries that replace dropped ones can be dropped again.
    log.truncate(LogIndex(2));
    log.append(entry(2, 2, "four"));
    log.drop_payloads(LogIndex(2));
    EXPECT_FALSE(log.cached(LogIndex(2)));
    EXPECT_EQ(log.cached_bytes(), 1u);
}

}  // namespace
}  // namespace quern::raft
