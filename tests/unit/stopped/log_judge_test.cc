// Logs of stopped nodes that must pass, and the same with one lie in them.
#include "system/base/checksum.h"
#include "system/queue/group_state.h"
#include "system/wire/command_codec.h"
#include "tests/unit/stopped/stopped_nodes.h"

namespace quern::test {
namespace {

using namespace harness;
using LogsOfThree = StoppedNodes;

constexpr QueueId orders{7};

queue::Command on_orders(decltype(queue::Command::operation) operation) {
    queue::Command command;
    command.queue = orders;
    command.record_version = CatalogueVersion(5);
    command.principal = UserId(1);
    command.operation = std::move(operation);
    return command;
}

// A queue is made, a message sent and received, at 1, 2 and 3 s of cluster time.
std::vector<Buffer> orderly_payloads() {
    queue::EnsureQueue ensure;
    ensure.attributes.visibility_ms = 1'000;
    queue::SendEntry entry;
    entry.content = as_bytes("a body of some length");
    entry.body_bytes = static_cast<uint32_t>(entry.content.size());
    queue::Receive receive;
    receive.messages_max = 1;
    return {wire::encode_commands(ClusterTime{1'000}, {on_orders(ensure)}),
            wire::encode_commands(ClusterTime{2'000}, {on_orders(queue::Send{{entry}})}),
            wire::encode_commands(ClusterTime{3'000}, {on_orders(receive)})};
}

Operation answered(OpKind kind, uint64_t index) {
    Operation op;
    op.kind = kind;
    op.outcome = OpOutcome::ok;
    op.returned_ns = 1;
    op.at = {orders, GroupId(1), LogIndex(index), ClusterTime{3'000}};
    return op;
}

History one_answer(Operation op) {
    History history;
    history.operations.push_back(std::move(op));
    return history;
}

Operation received(int64_t leased_until_ms) {
    Operation op = answered(OpKind::receive, 4);
    SeenMessage seen;
    seen.seq = MessageSeq(1);
    seen.epoch = LeaseEpoch(1);
    seen.hash = hash64(as_bytes("a body of some length"));
    seen.leased_until = ClusterTime{leased_until_ms};
    op.seen = {seen};
    return op;
}

class OrderlyLogs : public StoppedNodes {
protected:
    void SetUp() override {
        StoppedNodes::SetUp();
        append_to_all(1, 1);
        uint64_t index = 1;
        for (const Buffer& payload : orderly_payloads()) append_to_all(++index, 1, payload);
    }
};

TEST_F(OrderlyLogs, pass) {
    EXPECT_EQ(verdict(one_answer(received(4'000))), "") << text_;
    EXPECT_EQ(found_.commands, 3u);
    EXPECT_EQ(found_.entries, 12u);  // three pairs of nodes
    EXPECT_TRUE(found_.not_followed.empty());
}

TEST_F(OrderlyLogs, that_end_differently_pass) {
    append(1, 5, 1);
    append(2, 5, 2);
    append(2, 6, 2);
    EXPECT_EQ(verdict(one_answer(received(4'000))), "") << text_;
}

TEST_F(OrderlyLogs, know_of_another_lease_than_the_client) {
    EXPECT_EQ(verdict(one_answer(received(4'001))), "Q4");
}

TEST_F(OrderlyLogs, know_no_message_that_was_answered_as_sent) {
    Operation op = answered(OpKind::send, 3);
    op.sent.resize(1);
    op.sent[0].seq = MessageSeq(2);
    EXPECT_EQ(verdict(one_answer(std::move(op))), "Q1");
}

TEST_F(OrderlyLogs, hold_what_was_refused) {
    Operation op = answered(OpKind::send, 0);
    op.outcome = OpOutcome::fail;
    op.sent.resize(1);
    op.sent[0].hash = hash64(as_bytes("a body of some length"));
    op.sent[0].size_bytes = 21;
    EXPECT_EQ(verdict(one_answer(std::move(op))), "Q13");
}

TEST_F(LogsOfThree, one_of_which_has_another_payload) {
    append(1, 1, 1, Buffer::copy_of("a"));
    append(2, 1, 1, Buffer::copy_of("b"));
    EXPECT_NE(verdict().find("R3"), std::string::npos);
}

TEST_F(LogsOfThree, that_agree_at_an_entry_and_not_before_it) {
    append_to_all(1, 1);
    append(1, 2, 1);
    append(2, 2, 2);
    append(1, 3, 3);
    append(2, 3, 3);
    EXPECT_EQ(verdict(), "R3");
    EXPECT_NE(text_.find("they agree at 3"), std::string::npos) << text_;
}

TEST_F(LogsOfThree, two_snapshots_cover_different_entries) {
    append_to_all(1, 1);
    append(1, 2, 1);
    append(2, 2, 2);
    snapshot(1, 2, 1);
    snapshot(2, 2, 2);
    verdict();
    EXPECT_NE(text_.find("snapshots of both cover it"), std::string::npos) << text_;
}

TEST_F(LogsOfThree, an_answer_is_on_one_disk_alone) {
    append_to_all(1, 1);
    append(1, 2, 1);
    EXPECT_EQ(verdict(one_answer(answered(OpKind::purge, 1))), "");
    EXPECT_EQ(verdict(one_answer(answered(OpKind::purge, 2))), "R9");
}

TEST_F(LogsOfThree, an_answer_was_overwritten) {
    append_to_all(1, 1);
    for (uint32_t node : {1u, 2u}) append(node, 2, 1);
    append(3, 2, 2);
    EXPECT_EQ(verdict(one_answer(answered(OpKind::purge, 2))), "R9");
}

TEST_F(LogsOfThree, a_snapshot_of_what_the_longest_log_lacks) {
    append_to_all(1, 1);
    append(1, 2, 1);
    snapshot(1, 2, 1);
    append(2, 2, 2);
    EXPECT_EQ(verdict(), "R4");
}

TEST_F(LogsOfThree, that_begin_behind_a_snapshot_are_followed_with_anothers_help) {
    append_to_all(1, 1);
    append(1, 2, 1, orderly_payloads().front());
    append(2, 2, 1, orderly_payloads().front());
    snapshot(3, 2, 1, false);
    append_to_all(3, 2);
    append(3, 4, 2);
    EXPECT_EQ(verdict(), "") << text_;
    EXPECT_EQ(found_.commands, 1u);
}

TEST_F(LogsOfThree, none_of_which_reaches_back_are_not_followed) {
    append_to_all(1, 1);
    for (uint32_t node = 1; node <= 3; ++node) snapshot(node, 5, 2, false);
    EXPECT_EQ(verdict(), "");
    ASSERT_EQ(found_.not_followed.size(), 1u);
}

TEST_F(LogsOfThree, lost_their_first_segment_before_a_snapshot_covered_it) {
    const Buffer big = Buffer::copy_of(std::string(20'000, 'x'));
    for (uint64_t index = 1; index <= 5; ++index) append_to_all(index, 1, big);
    const History history = one_answer(answered(OpKind::purge, 1));
    const StoppedLog::Group whole = log_of(1);
    EXPECT_EQ(whole.base, LogIndex(0));
    lost_segments_ = {1};
    EXPECT_GT(log_of(1).base, LogIndex(0));
    EXPECT_EQ(verdict(history), "R10 R9");
    for (uint32_t node = 1; node <= 3; ++node) snapshot(node, 5, 1);
    EXPECT_EQ(verdict(history), "") << text_;
}

TEST_F(LogsOfThree, lack_batches_in_between) {
    const Buffer big = Buffer::copy_of(std::string(20'000, 'x'));
    for (uint64_t index = 1; index <= 8; ++index) append_to_all(index, 1, big);
    lost_segments_ = {1};
    verdict();
    EXPECT_EQ(text_.find("follows batch"), std::string::npos) << text_;
    lost_segments_ = {2};
    EXPECT_EQ(verdict(), "R10");
    EXPECT_NE(text_.find("follows batch"), std::string::npos) << text_;
}

TEST_F(LogsOfThree, an_entry_that_is_no_command) {
    append_to_all(1, 1, Buffer::copy_of("nonsense"));
    EXPECT_EQ(verdict(), "R15");
}

TEST_F(LogsOfThree, an_entry_of_the_catalogue_that_is_no_command) {
    for (uint32_t node = 1; node <= 3; ++node) {
        storage::GroupChange change;
        change.create = true;
        change.entries = {{GroupId(0), LogIndex(1), Term(1), static_cast<uint8_t>(raft::EntryKind::command),
                           Buffer::copy_of("nonsense")}};
        write(node, std::move(change), GroupId(0));
    }
    EXPECT_EQ(verdict(), "R15");
}

}  // namespace
}  // namespace quern::test
