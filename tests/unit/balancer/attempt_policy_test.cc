#include "system/balancer/attempt_policy.h"

#include <gtest/gtest.h>

namespace quern::balancer {
namespace {

AttemptEnd end(ErrorCode code) { return {code, error_info(code).outcome}; }

constexpr AttemptPolicy::Options read{false, true};
constexpr AttemptPolicy::Options with_token{true, true};
constexpr AttemptPolicy::Options without_token{true, false};

// After one attempt: what comes next, and how it would end with nothing more.
struct Row {
    ErrorCode code;
    AttemptPolicy::Options request;
    NextStep next;
    Outcome final_outcome;
};

constexpr auto not_done = Outcome::not_applied;
constexpr auto unknown = Outcome::unknown;

const Row first_attempts[] = {
    {ErrorCode::not_leader, without_token, NextStep::ask_leader, not_done},
    {ErrorCode::unavailable, without_token, NextStep::ask_other, not_done},
    {ErrorCode::shutting_down, without_token, NextStep::ask_other, not_done},
    {ErrorCode::group_does_not_exist, without_token, NextStep::ask_other, not_done},
    {ErrorCode::connection_refused, without_token, NextStep::ask_other, not_done},
    {ErrorCode::connection_reset, without_token, NextStep::give_up, unknown},
    {ErrorCode::timed_out, without_token, NextStep::give_up, unknown},
    {ErrorCode::outcome_unknown, without_token, NextStep::give_up, unknown},
    {ErrorCode::connection_reset, with_token, NextStep::ask_other, unknown},
    {ErrorCode::timed_out, with_token, NextStep::ask_other, unknown},
    {ErrorCode::outcome_unknown, with_token, NextStep::ask_other, unknown},
    {ErrorCode::connection_reset, read, NextStep::ask_other, not_done},
    {ErrorCode::timed_out, read, NextStep::ask_other, not_done},
    {ErrorCode::overloaded, with_token, NextStep::deliver, not_done},
    {ErrorCode::insufficient_storage, with_token, NextStep::deliver, not_done},
    {ErrorCode::stale_catalogue, with_token, NextStep::deliver, not_done},
    {ErrorCode::needs_attributes, with_token, NextStep::deliver, not_done},
    {ErrorCode::queue_full, with_token, NextStep::deliver, not_done},
    {ErrorCode::session_expired, with_token, NextStep::deliver, not_done},
};

TEST(AttemptPolicy, first_attempt) {
    for (const Row& row : first_attempts) {
        SCOPED_TRACE(error_name(row.code));
        AttemptPolicy policy(row.request);
        EXPECT_EQ(policy.judge(end(row.code)), row.next);
        EXPECT_EQ(policy.final_error(Error(row.code)).outcome, row.final_outcome);
    }
}

TEST(AttemptPolicy, an_answer_of_the_state_machine_stands_for_all_attempts_of_a_token) {
    AttemptPolicy policy(with_token);
    EXPECT_EQ(policy.judge(end(ErrorCode::timed_out)), NextStep::ask_other);
    EXPECT_EQ(policy.judge(end(ErrorCode::queue_full)), NextStep::deliver);
    EXPECT_EQ(policy.judge(end(ErrorCode::ok)), NextStep::deliver);
}

TEST(AttemptPolicy, a_later_refusal_does_not_unsay_an_ambiguous_attempt) {
    AttemptPolicy policy(with_token);
    EXPECT_EQ(policy.judge(end(ErrorCode::connection_reset)), NextStep::ask_other);
    EXPECT_EQ(policy.judge(end(ErrorCode::overloaded)), NextStep::ask_later);
    EXPECT_EQ(policy.judge(end(ErrorCode::insufficient_storage)), NextStep::ask_later);
    EXPECT_EQ(policy.judge(end(ErrorCode::access_denied)), NextStep::give_up);
    EXPECT_EQ(policy.final_error(Error(ErrorCode::access_denied)).code, ErrorCode::outcome_unknown);
}

TEST(AttemptPolicy, the_outcome_that_the_node_states_counts) {
    AttemptPolicy policy(without_token);
    EXPECT_EQ(policy.judge({ErrorCode::unavailable, Outcome::unknown}), NextStep::give_up);
    EXPECT_EQ(policy.final_error(Error(ErrorCode::unavailable)).outcome, Outcome::unknown);
}

}  // namespace
}  // namespace quern::balancer
