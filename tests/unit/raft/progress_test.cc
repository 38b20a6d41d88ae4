#include "system/raft/progress.h"

#include <gtest/gtest.h>

namespace quern::raft {
namespace {

Progress fresh(uint64_t next) {
    return Progress(NodeId(2), LogIndex(next), Instant{}, Window(3, 100));
}

TEST(Window, is_bounded_by_messages_and_bytes) {
    Window window(3, 100);
    EXPECT_FALSE(window.full());
    window.add(LogIndex(5), 500);  // one message may always be sent
    EXPECT_TRUE(window.full());
    window.acknowledge(LogIndex(4));
    EXPECT_TRUE(window.full());
    window.acknowledge(LogIndex(5));
    EXPECT_TRUE(window.empty());
    for (uint64_t i = 6; i < 9; ++i) window.add(LogIndex(i), 1);
    EXPECT_TRUE(window.full());
    EXPECT_EQ(window.bytes(), 3u);
}

TEST(Window, wraps_and_grows) {
    Window window(100, 1000);
    uint64_t sent = 0;
    uint64_t acknowledged = 0;
    for (int round = 0; round < 50; ++round) {
        for (int i = 0; i < 3 && !window.full(); ++i) window.add(LogIndex(++sent), 1);
        acknowledged += 2;
        window.acknowledge(LogIndex(acknowledged));
        EXPECT_EQ(window.bytes(), sent - acknowledged);
    }
    window.clear();
    EXPECT_TRUE(window.empty());
}

TEST(Progress, probes_until_something_matches) {
    Progress peer = fresh(10);
    EXPECT_FALSE(peer.blocked());
    peer.sent(LogIndex(12), 30);
    EXPECT_TRUE(peer.blocked());
    EXPECT_EQ(peer.next, LogIndex(10));
    EXPECT_TRUE(peer.refuse(LogIndex(9), LogIndex(4), false));
    EXPECT_EQ(peer.next, LogIndex(5));
    EXPECT_TRUE(peer.acknowledge(LogIndex(7)));
    EXPECT_EQ(peer.state, PeerState::replicate);
    EXPECT_EQ(peer.next, LogIndex(8));
}

TEST(Progress, pipelines_when_replicating) {
    Progress peer = fresh(1);
    peer.acknowledge(LogIndex(0));
    for (uint64_t i = 1; i <= 3; ++i) peer.sent(LogIndex(i), 10);
    EXPECT_EQ(peer.next, LogIndex(4));
    EXPECT_TRUE(peer.blocked());
    peer.acknowledge(LogIndex(2));
    EXPECT_FALSE(peer.blocked());
    EXPECT_FALSE(peer.acknowledge(LogIndex(1)));  // late
    EXPECT_EQ(peer.match, LogIndex(2));
}

TEST(Progress, ignores_old_refusals) {
    Progress peer = fresh(10);
    EXPECT_FALSE(peer.refuse(LogIndex(5), LogIndex(3), false));
    peer.acknowledge(LogIndex(20));
    EXPECT_FALSE(peer.refuse(LogIndex(20), LogIndex(3), false));
    EXPECT_FALSE(peer.refuse(LogIndex(0), LogIndex(0), false));
    EXPECT_EQ(peer.next, LogIndex(21));
    peer.sent(LogIndex(25), 10);
    // One of several in flight was lost: never back beyond what is known to match.
    EXPECT_TRUE(peer.refuse(LogIndex(25), LogIndex(3), false));
    EXPECT_EQ(peer.next, LogIndex(21));
    EXPECT_EQ(peer.state, PeerState::probe);
}

TEST(Progress, a_peer_that_lost_entries_goes_back_beyond_what_matched) {
    Progress peer = fresh(10);
    peer.acknowledge(LogIndex(20));
    EXPECT_TRUE(peer.refuse(LogIndex(20), LogIndex(3), true));
    EXPECT_EQ(peer.match, LogIndex(3));
    EXPECT_EQ(peer.next, LogIndex(4));
}

}  // namespace
}  // namespace quern::raft
