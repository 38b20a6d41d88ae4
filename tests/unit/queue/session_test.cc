// Client tokens (scenarios S76, S102, S108; Q10, Q13).
#include "system/queue/session_table.h"
#include "tests/unit/queue/group_fixture.h"

namespace quern::queue::test {
namespace {

constexpr int64_t far = 60'000;

Token token(const GroupFixture& f, uint64_t seq, uint64_t acked_below = 0) {
    return {SessionId{77}, seq, acked_below, ClusterTime{f.now + far}};
}

const Error& error_in(const Reply& reply) { return std::get<Error>(reply.result); }

TEST(Token, repeated_send_stores_once_and_gives_the_first_reply) {
    GroupFixture f;
    const Token t = token(f, 1);
    EXPECT_EQ(f.send(10, -1, t).seq.value, 1u);
    EXPECT_EQ(f.send(10, -1, t).seq.value, 1u);
    EXPECT_EQ(f.counters().sent, 1u);
    EXPECT_EQ(f.send(10, -1, token(f, 2)).seq.value, 2u);
}

TEST(Token, repeated_receive_gives_what_is_still_leased_under_the_same_epoch) {
    GroupFixture f;
    f.send_many(4);
    const Token t = token(f, 1);
    const auto first = std::get<ReceiveReply>(f.receive_reply(4, 1000, t).result).deliveries;
    ASSERT_EQ(first.size(), 4u);
    f.remove(f.receipt(first[0]));
    f.change(f.receipt(first[1]), 0);
    f.change(f.receipt(first[2]), 5000);
    const Reply again = f.receive_reply(4, 1000, t);
    EXPECT_TRUE(again.repeated);
    const auto& still = std::get<ReceiveReply>(again.result).deliveries;
    EXPECT_EQ(seqs(still), (std::vector<uint64_t>{3, 4}));
    EXPECT_EQ(still[0].epoch, first[2].epoch);
    EXPECT_EQ(still[0].leased_until.ms, f.now + 5000);
    EXPECT_EQ(f.counters().received, 4u);
    f.receive(1, 3000);  // message 2, under a new epoch
    f.now += 1000;       // message 4's lease is over
    EXPECT_EQ(seqs(std::get<ReceiveReply>(f.receive_reply(4, 1000, t).result).deliveries),
              (std::vector<uint64_t>{3}));
}

TEST(Token, repeated_delete_and_change_and_purge_take_effect_once) {
    GroupFixture f;
    f.send_many(3);
    const auto d = f.receive(2, 1000);
    const Delete one{{f.receipt(d[0])}};
    EXPECT_FALSE(f.apply(orders, one, token(f, 1)).repeated);
    EXPECT_TRUE(f.apply(orders, one, token(f, 1)).repeated);
    const ChangeVisibility change{{{f.receipt(d[1]), 9000}}};
    const Reply changed = f.apply(orders, change, token(f, 2));
    f.now += 500;
    Token kept = token(f, 2);
    const Reply again = f.apply(orders, change, kept);
    EXPECT_EQ(std::get<ChangeVisibilityReply>(again.result).results,
              std::get<ChangeVisibilityReply>(changed.result).results);
    EXPECT_EQ(f.group.next_deadline().ms, f.now + 8500);
    EXPECT_EQ(std::get<PurgeReply>(f.apply(orders, Purge{}, token(f, 3)).result).purged, 2u);
    f.send();
    EXPECT_EQ(std::get<PurgeReply>(f.apply(orders, Purge{}, token(f, 3)).result).purged, 2u);
    EXPECT_EQ(f.counters().ready, 1u);
}

TEST(Token, a_refusal_is_a_result_too) {
    Attributes a;
    a.leased_messages_max = 1;
    GroupFixture f(a);
    f.send_many(2);
    const Delivery d = f.receive().at(0);
    const Token t = token(f, 1);
    EXPECT_EQ(error_of(f.receive_reply(1, -1, t)), ErrorCode::over_limit);
    f.remove(f.receipt(d));
    const Reply again = f.receive_reply(1, -1, t);
    EXPECT_TRUE(again.repeated);
    EXPECT_EQ(error_of(again), ErrorCode::over_limit);
    EXPECT_EQ(error_in(again).limit, 1);
    EXPECT_EQ(error_in(again).detail, "too many leased messages");
}

TEST(Token, of_a_receive_that_found_nothing_may_ask_again) {
    GroupFixture f;
    const Token t = token(f, 1);
    EXPECT_TRUE(std::get<ReceiveReply>(f.receive_reply(1, -1, t).result).deliveries.empty());
    f.send();
    const Reply reply = f.receive_reply(1, -1, t);
    EXPECT_FALSE(reply.repeated);
    EXPECT_EQ(std::get<ReceiveReply>(reply.result).deliveries.size(), 1u);
}

TEST(Token, routing_errors_are_not_results) {
    GroupFixture f;
    f.send();
    f.version = f.version.next();
    const Token t = token(f, 1);
    EXPECT_EQ(error_of(f.receive_reply(1, -1, t)), ErrorCode::needs_attributes);
    f.ensure(orders, {});
    f.version = f.version.prev();
    EXPECT_EQ(error_of(f.receive_reply(1, -1, t)), ErrorCode::stale_catalogue);
    f.version = f.version.next();
    const Reply reply = f.receive_reply(1, -1, t);
    EXPECT_FALSE(reply.repeated);
    EXPECT_EQ(std::get<ReceiveReply>(reply.result).deliveries.size(), 1u);
}

TEST(Token, applied_after_its_expiry_is_refused_unless_its_result_is_known) {
    GroupFixture f;
    const Token in_time = token(f, 1);
    const Token late = token(f, 2);
    f.now += far;
    EXPECT_EQ(f.send(10, -1, in_time).seq.value, 1u);  // at its last millisecond
    f.now += 1;
    EXPECT_EQ(f.send(10, -1, in_time).seq.value, 1u);
    const Reply refused = f.receive_reply(1, -1, late);
    EXPECT_EQ(error_of(refused), ErrorCode::deadline_exceeded);
    EXPECT_EQ(error_in(refused).outcome, Outcome::not_applied);
    EXPECT_EQ(f.counters().sent, 1u);
}

TEST(Token, below_acknowledged_ones_is_expired_with_outcome_unknown) {
    GroupFixture f;
    f.send(10, -1, token(f, 1));
    f.send(10, -1, token(f, 2, 2));
    const Reply again = f.receive_reply(1, -1, token(f, 1));
    EXPECT_EQ(error_of(again), ErrorCode::session_expired);
    EXPECT_EQ(error_in(again).outcome, Outcome::unknown);
    EXPECT_EQ(f.send(10, -1, token(f, 2)).seq.value, 2u);
}

TEST(Token, out_of_order_within_the_window_is_fine) {
    GroupFixture f;
    EXPECT_EQ(f.send(10, -1, token(f, 9)).seq.value, 1u);
    EXPECT_EQ(f.send(10, -1, token(f, 3)).seq.value, 2u);
    EXPECT_EQ(f.send(10, -1, token(f, 9)).seq.value, 1u);
    EXPECT_EQ(f.send(10, -1, token(f, 3)).seq.value, 2u);
}

TEST(Token, window_forgets_the_lowest_and_never_applies_them_again) {
    GroupFixture f;
    for (uint64_t i = 1; i <= limits::session_inflight_max; ++i) f.send(1, -1, token(f, i));
    EXPECT_EQ(f.send(1, -1, token(f, 1)).seq.value, 1u);
    f.send(1, -1, token(f, limits::session_inflight_max + 1));
    EXPECT_EQ(error_of(f.receive_reply(1, -1, token(f, 1))), ErrorCode::session_expired);
    EXPECT_EQ(f.send(1, -1, token(f, 2)).seq.value, 2u);
}

TEST(Token, used_for_another_request_is_refused) {
    GroupFixture f;
    f.send(10, -1, token(f, 1));
    EXPECT_EQ(error_of(f.receive_reply(1, -1, token(f, 1))), ErrorCode::invalid_argument);
    f.ensure(QueueId{8}, {});
    const Send same{{SendEntry{f.content(10), 10, -1}}};
    const Reply reply = f.apply(QueueId{8}, same, token(f, 1));
    EXPECT_EQ(error_of(reply), ErrorCode::invalid_argument);
    // The queue's name may have passed on to another incarnation since the first application.
    EXPECT_EQ(std::get<Error>(reply.result).outcome, Outcome::unknown);
}

TEST(Session, belongs_to_its_user) {
    GroupFixture f;
    f.send(10, -1, token(f, 1));
    Command stranger;
    stranger.queue = orders;
    stranger.record_version = f.version;
    stranger.principal = UserId{alice.value + 1};
    stranger.token = token(f, 1);
    stranger.operation = Receive{};
    f.entry();
    const Reply reply = f.group.apply(stranger, f.payload());
    EXPECT_FALSE(reply.repeated);
    EXPECT_EQ(std::get<ReceiveReply>(reply.result).deliveries.size(), 1u);
}

TEST(Session, idle_one_ends_and_its_tokens_are_never_applied_again) {
    GroupFixture f;
    Token t = token(f, 1);
    t.expires = ClusterTime{f.now + 2 * limits::session_idle_ms_max};  // far beyond the horizon
    f.send(10, -1, t);
    f.now += limits::session_idle_ms_max - 1;
    EXPECT_EQ(f.send(10, -1, t).seq.value, 1u);  // which uses the session
    f.now += limits::session_idle_ms_max;
    const Reply again = f.receive_reply(1, -1, t);
    EXPECT_EQ(error_of(again), ErrorCode::session_expired);
    EXPECT_EQ(error_in(again).outcome, Outcome::unknown);
    EXPECT_EQ(f.counters().sent, 1u);
    t.seq = 2;
    t.expires = ClusterTime{t.expires.ms + 1};
    EXPECT_EQ(f.send(10, -1, t).seq.value, 2u);
}

TEST(Session, survives_snapshots) {
    GroupFixture f;
    const Token t = token(f, 1);
    f.send(10, -1, t);
    f.group = GroupState::restore(snapshot(f.group)).value();
    EXPECT_EQ(f.send(10, -1, t).seq.value, 1u);
    EXPECT_EQ(f.counters().sent, 1u);
}

using Verdict = SessionTable::Verdict;

TEST(SessionTable, least_recently_used_session_ends_beyond_the_limit) {
    SessionTable table;
    for (uint64_t i = 1; i <= limits::sessions_max; ++i) {
        table.remember(alice, {SessionId{i}, 1, 0, ClusterTime{100}}, ClusterTime{1}, "r");
    }
    // Using the first one spares it.
    EXPECT_EQ(table.check(alice, {SessionId{1}, 1, 0, ClusterTime{100}}, ClusterTime{2}).verdict,
              Verdict::repeated);
    table.remember(alice, {SessionId{limits::sessions_max + 1}, 1, 0, ClusterTime{100}},
                   ClusterTime{2}, "r");
    EXPECT_EQ(table.size(), limits::sessions_max);
    EXPECT_EQ(table.check(alice, {SessionId{1}, 1, 0, ClusterTime{100}}, ClusterTime{2}).verdict,
              Verdict::repeated);
    EXPECT_EQ(table.check(alice, {SessionId{2}, 1, 0, ClusterTime{100}}, ClusterTime{2}).verdict,
              Verdict::forgotten);
    EXPECT_EQ(table.check(alice, {SessionId{2}, 2, 0, ClusterTime{101}}, ClusterTime{2}).verdict,
              Verdict::fresh);
    EXPECT_TRUE(table.consistent());
}

TEST(SessionTable, bytes_are_bounded) {
    SessionTable table;
    const std::string reply(60 * 1024, 'r');
    const uint64_t fit = results_bytes_max / (reply.size() + result_overhead_bytes);
    for (uint64_t i = 1; i <= fit + 1; ++i) {
        table.remember(alice, {SessionId{1 + i % 2}, i, 0, ClusterTime{50}}, ClusterTime{1}, reply);
    }
    // One of the two sessions had to end; the other keeps all of its results.
    EXPECT_EQ(table.size(), 1u);
    EXPECT_TRUE(table.consistent());
    for (uint64_t i = 1; table.results_bytes() + reply.size() < results_bytes_max; ++i) {
        table.remember(alice, {SessionId{5}, i, 0, ClusterTime{50}}, ClusterTime{2}, reply);
        ASSERT_LE(i, fit);
    }
}

TEST(SessionTable, single_session_gives_up_its_oldest_results) {
    SessionTable table;
    const std::string reply(100 * 1024, 'r');
    const uint64_t fit = results_bytes_max / (reply.size() + result_overhead_bytes);
    for (uint64_t i = 1; i <= fit + 3; ++i) {
        table.remember(alice, {SessionId{1}, i, 0, ClusterTime{50}}, ClusterTime{1}, reply);
    }
    EXPECT_TRUE(table.consistent());
    EXPECT_EQ(table.check(alice, {SessionId{1}, 3, 0, ClusterTime{50}}, ClusterTime{1}).verdict,
              Verdict::forgotten);
    EXPECT_EQ(table.check(alice, {SessionId{1}, 4, 0, ClusterTime{50}}, ClusterTime{1}).verdict,
              Verdict::repeated);
}

}  // namespace
}  // namespace quern::queue::test
