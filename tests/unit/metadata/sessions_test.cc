#include "tests/unit/metadata/catalogue_fixture.h"

namespace quern::metadata {
namespace {

class CatalogueSessions : public CatalogueTest {
protected:
    explicit CatalogueSessions(const CatalogueBounds& bounds = {}) : CatalogueTest(bounds) {}
    void SetUp() override { bootstrap(); }
    static Token token(uint64_t session, uint64_t seq, int64_t expires_ms,
                       uint64_t acked_below = 0) {
        return {SessionId(session), seq, acked_below, ClusterTime{expires_ms}};
    }
};

TEST_F(CatalogueSessions, the_second_copy_gets_the_first_reply_and_changes_nothing) {
    const Reply first = run(make_queue("a"), token(1, 1, 1000), 10);
    run(DeleteQueue{queue_name("a")}, {}, 20);
    const CatalogueVersion version = state.version;
    const Reply second = run(make_queue("a"), token(1, 1, 1000), 30);
    EXPECT_FALSE(first.repeated);
    EXPECT_TRUE(second.repeated);
    EXPECT_EQ(queue_of(second), queue_of(first));
    EXPECT_EQ(second.version, first.version);
    EXPECT_EQ(state.version, version);
    EXPECT_EQ(state.find_queue(queue_name("a")), nullptr);
}

TEST_F(CatalogueSessions, a_refused_command_stays_refused) {
    EXPECT_EQ(error_of(run(DeleteQueue{queue_name("a")}, token(1, 1, 1000), 10)),
              ErrorCode::queue_does_not_exist);
    run(make_queue("a"), {}, 20);
    const Reply late = run(DeleteQueue{queue_name("a")}, token(1, 1, 1000), 30);
    EXPECT_EQ(error_of(late), ErrorCode::queue_does_not_exist);
    EXPECT_TRUE(late.repeated);
    EXPECT_NE(state.find_queue(queue_name("a")), nullptr);
}

TEST_F(CatalogueSessions, equal_sequence_numbers_of_two_sessions_differ) {
    EXPECT_FALSE(run(make_queue("a"), token(1, 1, 1000), 10).repeated);
    EXPECT_FALSE(run(make_queue("b"), token(2, 1, 1000), 10).repeated);
    EXPECT_EQ(state.queues.size(), 2u);
}

TEST_F(CatalogueSessions, commands_without_session_are_not_remembered) {
    run(make_queue("a"), {}, 10);
    EXPECT_EQ(state.sessions.size(), 0u);
}

TEST_F(CatalogueSessions, a_command_after_its_deadline_is_refused) {
    EXPECT_EQ(error_of(run(make_queue("a"), token(1, 1, 1000), 1000)), ErrorCode::ok);
    EXPECT_EQ(error_of(run(make_queue("b"), token(1, 2, 1000), 1001)),
              ErrorCode::deadline_exceeded);
    EXPECT_EQ(state.find_queue(queue_name("b")), nullptr);
}

TEST_F(CatalogueSessions, a_copy_that_comes_after_the_session_ended_is_refused) {
    run(make_queue("a"), token(1, 1, 1000), 10);
    EXPECT_EQ(state.sessions.next_deadline(), ClusterTime{1001});
    run(Tick{}, {}, 1000);
    EXPECT_EQ(state.sessions.size(), 1u);
    run(Tick{}, {}, 1001);
    EXPECT_EQ(state.sessions.size(), 0u);
    EXPECT_EQ(state.sessions.replies_bytes(), 0u);
    run(DeleteQueue{queue_name("a")}, {}, 1002);
    EXPECT_EQ(error_of(run(make_queue("a"), token(1, 1, 1000), 1003)),
              ErrorCode::deadline_exceeded);
}

TEST_F(CatalogueSessions, a_session_lives_as_long_as_its_longest_token) {
    run(make_queue("a"), token(1, 1, 5000), 10);
    run(make_queue("b"), token(1, 2, 1000, 2), 10);
    run(Tick{}, {}, 4000);
    // Acknowledged, forgotten, and still within its deadline: its copy must not take effect.
    EXPECT_EQ(error_of(run(make_queue("c"), token(1, 1, 5000), 4000)), ErrorCode::session_expired);
    EXPECT_EQ(state.find_queue(queue_name("c")), nullptr);
}

TEST_F(CatalogueSessions, a_token_without_deadline_is_remembered_for_the_idle_time) {
    Token endless{SessionId(1), 1, 0, ClusterTime::never()};
    run(make_queue("a"), endless, 10);
    EXPECT_TRUE(run(make_queue("a"), endless, 10 + limits::session_idle_ms_max).repeated);
    run(Tick{}, {}, 11 + limits::session_idle_ms_max);
    EXPECT_EQ(state.sessions.size(), 0u);
}

TEST_F(CatalogueSessions, a_token_that_acknowledges_itself_is_refused) {
    EXPECT_EQ(error_of(run(make_queue("a"), token(1, 1, 1000, 2), 10)),
              ErrorCode::invalid_argument);
}

TEST_F(CatalogueSessions, acknowledged_replies_are_forgotten) {
    run(make_queue("a"), token(1, 1, 1000), 10);
    const size_t bytes = state.sessions.replies_bytes();
    run(make_queue("b"), token(1, 2, 1000, 2), 10);
    EXPECT_EQ(state.sessions.replies_bytes(), bytes);
}

class CatalogueSessionBounds : public CatalogueSessions {
protected:
    static CatalogueBounds small() {
        CatalogueBounds bounds;
        bounds.sessions.sessions_max = 2;
        bounds.sessions.inflight_max = 2;
        bounds.sessions.replies_bytes_max = 500;
        return bounds;
    }
    CatalogueSessionBounds() : CatalogueSessions(small()) {}
};

TEST_F(CatalogueSessionBounds, beyond_the_sessions_new_ones_wait_and_old_ones_stay_exact) {
    run(Tick{}, token(1, 1, 1000), 10);
    run(Tick{}, token(2, 1, 2000), 10);
    const Reply refused = run(make_queue("a"), token(3, 1, 2000), 10);
    EXPECT_EQ(error_of(refused), ErrorCode::overloaded);
    EXPECT_EQ(std::get<Error>(refused.result).outcome, Outcome::unknown);
    EXPECT_TRUE(run(Tick{}, token(1, 1, 1000), 10).repeated);
    EXPECT_EQ(error_of(run(make_queue("a"), token(3, 1, 2000), 1001)), ErrorCode::ok);
}

TEST_F(CatalogueSessionBounds, requests_in_flight_are_bounded_until_acknowledged_or_expired) {
    run(Tick{}, token(1, 1, 1000), 10);
    run(Tick{}, token(1, 2, 1000), 10);
    EXPECT_EQ(error_of(run(Tick{}, token(1, 3, 1000), 10)), ErrorCode::overloaded);
    EXPECT_EQ(error_of(run(Tick{}, token(1, 3, 1000, 2), 10)), ErrorCode::ok);
    EXPECT_EQ(error_of(run(Tick{}, token(1, 4, 9000, 2), 1001)), ErrorCode::ok);
}

TEST_F(CatalogueSessionBounds, bytes_of_replies_are_bounded) {
    for (uint64_t seq = 1; seq <= 2; ++seq)
        run(Tick{}, token(1, seq, 1000), 10);
    EXPECT_EQ(error_of(run(Tick{}, token(2, 1, 1000), 10)), ErrorCode::ok);
    EXPECT_GE(state.sessions.replies_bytes(), 500u);
    EXPECT_EQ(error_of(run(make_queue("a"), token(2, 2, 1000), 10)), ErrorCode::overloaded);
    EXPECT_EQ(error_of(run(make_queue("a"), token(2, 2, 1000, 2), 10)), ErrorCode::ok);
}

}  // namespace
}  // namespace quern::metadata
