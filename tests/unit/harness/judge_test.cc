// The reference model: logs that must pass, and the same with one lie in them.
#include <gtest/gtest.h>

#include "harness/group_judge.h"
#include "system/base/checksum.h"

namespace quern::harness {
namespace {

constexpr QueueId orders{7};
constexpr UserId user{1};

class JudgeTest : public testing::Test {
protected:
    void SetUp() override {
        queue::Command command = on(queue::EnsureQueue{});
        auto& ensure = std::get<queue::EnsureQueue>(command.operation);
        ensure.attributes.visibility_ms = 1'000;
        ensure.attributes.retention_ms = 60'000;
        ensure.attributes.queue_messages_max = 3;
        at(1'000);
        judge_.command(command, {queue::Done{}});
    }

    static queue::Command on(decltype(queue::Command::operation) operation) {
        queue::Command command;
        command.queue = orders;
        command.record_version = CatalogueVersion(5);
        command.principal = user;
        command.operation = std::move(operation);
        return command;
    }
    void at(int64_t ms) { judge_.begin(LogIndex(++index_), ClusterTime{ms}, 0); }

    queue::Reply send(std::string_view body, uint64_t seq, ErrorCode error = ErrorCode::ok,
                      Token token = {}, bool repeated = false) {
        queue::SendEntry entry;
        entry.content = as_bytes(body);
        entry.body_bytes = static_cast<uint32_t>(body.size());
        queue::Command command = on(queue::Send{{entry}});
        command.token = token;
        queue::SendResult result;
        result.error = error;
        result.seq = MessageSeq(seq);
        queue::Reply reply{queue::SendReply{{result}}, repeated};
        judge_.command(command, reply);
        return reply;
    }
    queue::Delivery delivery(uint64_t seq, uint32_t epoch, int64_t now, uint32_t size) {
        queue::Delivery d;
        d.seq = MessageSeq(seq);
        d.epoch = LeaseEpoch(epoch);
        d.receive_count = epoch;
        d.content.size_bytes = size;
        d.body_bytes = size;
        d.sent = ClusterTime{1'000};
        d.first_received = ClusterTime{epoch == 1 ? now : 2'000};
        d.leased_until = ClusterTime{now + 1'000};
        return d;
    }
    void receive(std::vector<queue::Delivery> deliveries) {
        queue::Receive receive;
        receive.messages_max = 10;
        judge_.command(on(receive), {queue::ReceiveReply{std::move(deliveries)}});
    }
    void remove(uint64_t seq, uint32_t epoch, ErrorCode result = ErrorCode::ok) {
        queue::Delete deletion{{{orders, MessageSeq(seq), LeaseEpoch(epoch)}}};
        judge_.command(on(deletion), {queue::DeleteReply{{result}}});
    }
    void change(uint64_t seq, uint32_t epoch, int64_t visibility, ErrorCode result) {
        queue::ChangeVisibility change{{{{orders, MessageSeq(seq), LeaseEpoch(epoch)}, visibility}}};
        judge_.command(on(change), {queue::ChangeVisibilityReply{{result}}});
    }
    std::string words() const {
        std::string text;
        for (const Violation& v : verdict_.violations()) text += v.invariant + ": " + v.text + "\n";
        return text;
    }

    Verdict verdict_;
    Effects effects_;
    GroupJudge judge_{GroupId(1), effects_, verdict_};
    uint64_t index_ = 0;
};

TEST_F(JudgeTest, an_orderly_log_passes) {
    send("a", 1);
    send("bb", 2);
    at(2'000);
    receive({delivery(1, 1, 2'000, 1), delivery(2, 1, 2'000, 2)});
    at(2'500);
    change(2, 1, 2'000, ErrorCode::ok);
    remove(1, 1);
    at(4'400);
    receive({});
    at(4'500);
    receive({delivery(2, 2, 4'500, 2)});
    remove(2, 1);
    remove(2, 2);
    queue::Counters counters;
    counters.sent = 2;
    counters.received = 3;
    counters.deleted = 2;
    judge_.end([&](QueueId) { return counters; });
    EXPECT_TRUE(verdict_.good()) << words();
}

TEST_F(JudgeTest, wrong_counters) {
    send("a", 1);
    judge_.end([](QueueId) { return queue::Counters{}; });
    EXPECT_TRUE(verdict_.names("Q14"));
}

TEST_F(JudgeTest, a_leased_message_is_handed_out) {
    send("a", 1);
    at(2'000);
    receive({delivery(1, 1, 2'000, 1)});
    at(2'999);
    receive({delivery(1, 2, 2'999, 1)});
    EXPECT_TRUE(verdict_.names("Q4"));
}

TEST_F(JudgeTest, a_deleted_message_is_handed_out) {
    send("a", 1);
    at(2'000);
    receive({delivery(1, 1, 2'000, 1)});
    remove(1, 1);
    at(5'000);
    receive({delivery(1, 2, 5'000, 1)});
    EXPECT_TRUE(verdict_.names("Q3"));
}

TEST_F(JudgeTest, a_message_from_nowhere) {
    at(2'000);
    receive({delivery(9, 1, 2'000, 1)});
    EXPECT_TRUE(verdict_.names("Q2"));
}

TEST_F(JudgeTest, a_receive_count_that_stands_still) {
    send("a", 1);
    at(2'000);
    receive({delivery(1, 1, 2'000, 1)});
    at(4'000);
    queue::Delivery again = delivery(1, 1, 4'000, 1);
    again.first_received = ClusterTime{2'000};
    receive({again});
    EXPECT_TRUE(verdict_.names("Q6"));
}

TEST_F(JudgeTest, nothing_found_where_something_was_ready) {
    send("a", 1);
    at(2'000);
    receive({});
    EXPECT_TRUE(verdict_.names("L5"));
}

TEST_F(JudgeTest, a_stale_receipt_that_works) {
    send("a", 1);
    at(2'000);
    receive({delivery(1, 1, 2'000, 1)});
    at(3'000);
    change(1, 1, 500, ErrorCode::ok);
    EXPECT_TRUE(verdict_.names("Q5"));
}

TEST_F(JudgeTest, a_full_queue_that_takes_more) {
    for (uint64_t seq = 1; seq <= 3; ++seq) send("a", seq);
    send("a", 0, ErrorCode::queue_full);
    EXPECT_TRUE(verdict_.good()) << words();
    send("a", 4);
    EXPECT_TRUE(verdict_.names("S1"));
}

TEST_F(JudgeTest, a_request_that_is_applied_twice) {
    const Token token{SessionId(3), 1, 0, ClusterTime::never()};
    send("a", 1, ErrorCode::ok, token);
    send("a", 1, ErrorCode::ok, token, true);
    EXPECT_TRUE(verdict_.good()) << words();
    send("a", 2, ErrorCode::ok, token);
    EXPECT_TRUE(verdict_.names("Q10"));
}

// A queue was deleted and made anew, perhaps in another group, and the request was sent again to that.
TEST_F(JudgeTest, a_request_that_comes_to_another_queue_after_it_took_effect) {
    const Token token{SessionId(4), 1, 0, ClusterTime::never()};
    send("a", 1, ErrorCode::ok, token);
    EXPECT_TRUE(verdict_.good()) << words();
    GroupJudge other{GroupId(2), effects_, verdict_};
    queue::Command command = on(queue::Purge{});
    command.queue = QueueId(8);
    command.token = token;
    other.begin(LogIndex(1), ClusterTime{3'000}, 0);
    effects_.created = [](QueueId) { return ClusterTime{500}; };  // two queues of a name, one about to go
    other.command(command, {Error(ErrorCode::needs_attributes)});
    EXPECT_TRUE(verdict_.good()) << words();
    effects_.created = [](QueueId) { return ClusterTime{2'000}; };
    other.command(command, {Error(ErrorCode::needs_attributes)});
    EXPECT_TRUE(verdict_.names("Q10"));
}

TEST_F(JudgeTest, a_request_that_takes_effect_on_two_queues) {
    const Token token{SessionId(4), 1, 0, ClusterTime::never()};
    send("a", 1, ErrorCode::ok, token);
    effects_.created = [](QueueId) { return ClusterTime{500}; };
    GroupJudge other{GroupId(2), effects_, verdict_};
    queue::Command ensure = on(queue::EnsureQueue{});
    ensure.queue = QueueId(8);
    other.begin(LogIndex(1), ClusterTime{3'000}, 0);
    other.command(ensure, {queue::Done{}});
    queue::Command command = on(queue::Purge{});
    command.queue = QueueId(8);
    command.token = {SessionId(4), 2, 0, ClusterTime::never()};
    other.command(command, {queue::PurgeReply{0}});
    EXPECT_TRUE(verdict_.good()) << words();
    command.token = token;
    other.command(command, {queue::PurgeReply{0}});
    EXPECT_TRUE(verdict_.names("Q10"));
}

TEST_F(JudgeTest, a_repetition_of_nothing_and_one_with_another_answer) {
    const Token token{SessionId(3), 1, 0, ClusterTime::never()};
    send("a", 1, ErrorCode::ok, token, true);
    EXPECT_EQ(verdict_.count(), 1u);
    const Token other{SessionId(3), 2, 0, ClusterTime::never()};
    send("a", 1, ErrorCode::ok, other);
    send("a", 2, ErrorCode::ok, other, true);
    EXPECT_EQ(verdict_.count(), 2u);
}

TEST_F(JudgeTest, time_that_goes_back) {
    at(2'000);
    at(1'999);
    EXPECT_TRUE(verdict_.names("Q15"));
}

TEST_F(JudgeTest, a_dropped_queue_that_comes_back) {
    judge_.command(on(queue::DropQueue{}), {queue::Done{}});
    judge_.command(on(queue::EnsureQueue{}), {queue::Done{}});
    EXPECT_TRUE(verdict_.names("Q18"));
}

TEST_F(JudgeTest, a_purge_that_miscounts) {
    send("a", 1);
    judge_.command(on(queue::Purge{}), {queue::PurgeReply{2}});
    EXPECT_TRUE(verdict_.names("Q17"));
}

TEST_F(JudgeTest, an_early_refusal_as_too_late) {
    queue::Command command = on(queue::Purge{});
    command.token = {SessionId(3), 1, 0, ClusterTime{5'000}};
    judge_.command(command, {Error(ErrorCode::deadline_exceeded)});
    EXPECT_TRUE(verdict_.names("Q13"));
}

TEST_F(JudgeTest, answers_that_the_log_does_not_bear_out) {
    send("a", 1);
    at(2'000);
    receive({delivery(1, 1, 2'000, 1)});
    Operation op;
    op.outcome = OpOutcome::ok;
    op.returned_ns = 1;
    op.at = {orders, GroupId(1), LogIndex(2), ClusterTime{2'000}};
    SentMessage sent;
    sent.seq = MessageSeq(1);
    sent.hash = hash64(as_bytes("a"));
    op.sent.push_back(sent);
    SeenMessage seen;
    seen.seq = MessageSeq(1);
    seen.epoch = LeaseEpoch(1);
    seen.hash = sent.hash;
    seen.leased_until = ClusterTime{3'000};
    op.seen.push_back(seen);
    op.kind = OpKind::receive;
    judge_.check_answer(op);
    EXPECT_TRUE(verdict_.good()) << words();
    op.seen[0].leased_until = ClusterTime{4'000};
    judge_.check_answer(op);
    EXPECT_EQ(verdict_.count(), 1u);
    op.seen[0].epoch = LeaseEpoch(2);
    judge_.check_answer(op);
    EXPECT_EQ(verdict_.count(), 2u);
    op.kind = OpKind::send;
    op.seen.clear();
    op.sent[0].hash = 1;
    judge_.check_answer(op);
    EXPECT_TRUE(verdict_.names("Q1"));
}

}  // namespace
}  // namespace quern::harness
