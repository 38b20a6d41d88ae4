// FIFO order and gate, deduplication, dead letters.
#include <gtest/gtest.h>

#include "tests/unit/harness/written_history.h"

namespace quern::harness {
namespace {

class FifoHistory : public WrittenHistory {
public:
    FifoHistory() {
        history.operations[0].policy.fifo = true;
        history.operations[0].policy.dedup_window_ms = 300'000;
    }
    Operation& send_to(const char* group, int64_t at, const char* body, uint64_t seq) {
        Operation& op = send(at, body, seq);
        op.sent[0].group_id = group;
        groups[seq] = group;
        return op;
    }
    Operation& receive_from(int64_t at, const char* body, uint64_t seq, uint32_t epoch = 1) {
        Operation& op = receive(at, body, seq, epoch);
        op.seen[0].group_id = groups[seq];
        return op;
    }
    std::map<uint64_t, std::string> groups;
};

TEST(FifoOrder, first_come_first_served) {
    FifoHistory h;
    h.send_to("g", 10, "a", 1);
    h.send_to("g", 20, "b", 2);
    h.send_to("other", 30, "c", 3);
    h.receive_from(40, "c", 3);
    h.receive_from(50, "a", 1);
    h.remove(60, 1, 1);
    h.receive_from(70, "b", 2);
    h.remove(80, 2, 1);
    h.remove(90, 3, 1);
    EXPECT_TRUE(h.passes()) << h.words;
}

TEST(FifoOrder, a_later_message_is_handed_out_first) {
    FifoHistory h;
    h.send_to("g", 10, "a", 1);
    h.send_to("g", 20, "b", 2);
    h.receive_from(50, "b", 2);
    h.remove(60, 2, 1);
    Operation& late = h.receive_from(70, "a", 1);
    h.remove(80, 1, 1);
    EXPECT_TRUE(h.fails("Q7"));
    late.invoked_ns = 40'000'000;  // both were asked for at once
    h.words.clear();
    EXPECT_TRUE(h.passes()) << h.words;
}

TEST(FifoOrder, a_delayed_message_lets_others_pass) {
    FifoHistory h;
    h.send_to("g", 10, "a", 1).sent[0].delay_ms = 30;
    h.send_to("g", 20, "b", 2);
    h.receive_from(25, "b", 2);
    h.remove(30, 2, 1);
    h.receive_from(70, "a", 1);
    h.remove(80, 1, 1);
    EXPECT_TRUE(h.passes()) << h.words;
}

TEST(FifoOrder, a_batch_is_in_order) {
    FifoHistory h;
    h.send_to("g", 10, "a", 1);
    h.send_to("g", 20, "b", 2);
    Operation& both = h.receive_from(30, "b", 2);
    both.messages_max = 2;
    both.seen.push_back(both.seen[0]);
    both.seen[1].seq = MessageSeq(1);
    both.seen[1].hash = hash64(as_bytes("a"));
    both.seen[1].sent = h.sent_at[1];
    h.remove(40, 1, 1).receipts.push_back(WrittenHistory::receipt(2, 1));
    EXPECT_TRUE(h.fails("Q7"));
    std::swap(both.seen[0], both.seen[1]);
    EXPECT_TRUE(h.passes()) << h.words;
}

TEST(FifoGate, a_leased_message_keeps_its_group_back) {
    FifoHistory h;
    h.send_to("g", 10, "a", 1);
    h.send_to("g", 20, "b", 2);
    h.receive_from(50, "a", 1);
    h.receive_from(70, "b", 2);
    Operation& deleted = h.remove(80, 1, 1);
    h.remove(90, 2, 1);
    EXPECT_TRUE(h.fails("Q8"));
    deleted.invoked_ns = 60'000'000;  // it may have been gone by then
    EXPECT_TRUE(h.passes()) << h.words;
}

TEST(FifoGate, opens_when_the_lease_has_ended) {
    FifoHistory h;
    h.send_to("g", 10, "a", 1);
    h.send_to("g", 20, "b", 2);
    h.receive_from(50, "a", 1);
    h.receive_from(1'100, "b", 2);
    h.receive_from(1'200, "a", 1, 2);
    h.remove(1'210, 1, 2);
    h.remove(1'220, 2, 1);
    EXPECT_TRUE(h.passes()) << h.words;
}

TEST(Deduplication, one_message_within_the_window) {
    FifoHistory h;
    h.send_to("g", 10, "a", 1).sent[0].dedup_id = "x";
    Operation& again = h.send_to("g", 20, "a", 2);
    again.sent[0].dedup_id = "x";
    h.receive_from(30, "a", 1);
    h.remove(40, 1, 1);
    h.receive_from(50, "a", 2);
    h.remove(60, 2, 1);
    EXPECT_TRUE(h.fails("Q9"));
    again.sent[0].dedup_id = "y";
    EXPECT_TRUE(h.passes()) << h.words;
}

TEST(Deduplication, two_messages_outside_the_window) {
    FifoHistory h;
    h.history.operations[0].policy.dedup_window_ms = 2'000;
    h.send_to("g", 10, "a", 1).sent[0].dedup_id = "x";
    h.receive_from(30, "a", 1);
    h.remove(40, 1, 1);
    Operation& again = h.send_to("g", 4'000, "a", 1);
    again.sent[0].dedup_id = "x";
    EXPECT_TRUE(h.fails("Q9"));
    again.sent[0].seq = MessageSeq(2);
    h.sent_at[2] = again.at.time;
    h.receive_from(4'010, "a", 2).seen[0].group_id = "g";
    h.remove(4'020, 2, 1);
    EXPECT_TRUE(h.passes()) << h.words;
}

class DeadLetterHistory : public WrittenHistory {
public:
    DeadLetterHistory() {
        history.operations[0].policy.receives_max = 2;
        history.operations[0].policy.dead_letter_queue = "dead";
        Operation& created = add(OpKind::create_queue, 2, 3);
        created.queue = "dead";
        created.at.queue = QueueId(8);
        created.attributes.retention_ms = 60'000;
        send(10, "a", 1);
        receive(20, "a", 1, 1);
        receive(1'100, "a", 1, 2);
    }
    Operation& receive_dead(int64_t at, uint64_t seq) {
        Operation& op = receive(at, "a", seq, 1);
        op.queue = "dead";
        op.at.queue = QueueId(8);
        op.seen[0].from_queue = "orders";
        op.seen[0].from_seq = MessageSeq(1);
        return op;
    }
};

TEST(DeadLetters, one_copy_with_a_new_count) {
    DeadLetterHistory h;
    h.add(OpKind::send, 2'200, 2'201).queue = "dead";
    h.history.operations.back().at.queue = QueueId(8);
    SentMessage sent;
    sent.hash = hash64(as_bytes("a"));
    h.history.operations.back().sent.push_back(sent);
    WrittenHistory::lose(h.history.operations.back());
    Operation& copy = h.receive_dead(2'300, 5);
    EXPECT_TRUE(h.passes()) << h.words;
    copy.seen[0].receive_count = 3;
    EXPECT_TRUE(h.fails("Q16"));
}

TEST(DeadLetters, the_original_is_gone) {
    DeadLetterHistory h;
    h.receive_dead(2'300, 5);
    h.receive(3'500, "a", 1, 3);
    EXPECT_TRUE(h.fails("Q16"));
}

TEST(DeadLetters, there_is_one_copy) {
    DeadLetterHistory h;
    h.receive_dead(2'300, 5);
    h.receive_dead(2'400, 6);
    EXPECT_TRUE(h.fails("Q16"));
}

TEST(Poison, is_not_handed_out_for_ever) {
    DeadLetterHistory h;
    h.receive_dead(2'300, 5);
    EXPECT_FALSE(h.fails("L11"));
    h.receive(3'500, "a", 1, 3);
    EXPECT_TRUE(h.fails("L11"));
}

}  // namespace
}  // namespace quern::harness
