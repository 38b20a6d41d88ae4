// What a node whose disk was damaged asks of a peer, and the answer.
#include <gtest/gtest.h>

#include "system/wire/relay_messages.h"
#include "system/wire/repair_messages.h"
#include "tests/unit/wire/samples.h"

namespace quern::wire {
namespace {

TEST(RepairMessages, a_request_comes_back) {
    const RepairRequest request{GroupId(3), {1, 2}, LogIndex(7), LogIndex(9), {{LogIndex(4), 5, 6}}, NodeId(2),
                                LogIndex(11), Term(12)};
    auto read = decode_repair_request(samples::frame_of(FrameKind::repair, encode(request)));
    ASSERT_TRUE(read.has_value()) << read.error().to_string();
    EXPECT_EQ(read->group, request.group);
    EXPECT_EQ(read->incarnation, request.incarnation);
    EXPECT_EQ(read->from, request.from);
    EXPECT_EQ(read->to, request.to);
    EXPECT_EQ(read->bodies, request.bodies);
    EXPECT_EQ(read->snapshot_for, request.snapshot_for);
    EXPECT_EQ(read->lost_index, request.lost_index);
    EXPECT_EQ(read->lost_term, request.lost_term);
}

TEST(RelayMessages, a_frame_is_wrapped_and_unwrapped) {
    Encoded message{Buffer::copy_of("headhead"), BufferChain(Buffer::copy_of("body"))};
    const Frame frame =
        samples::frame_of(FrameKind::relay, encode_relay(NodeId(3), FrameKind::query, 17, message));
    const auto relay = decode_relay(frame);
    ASSERT_TRUE(relay.has_value()) << relay.error().to_string();
    EXPECT_EQ(relay->to, NodeId(3));
    EXPECT_EQ(relay->kind, FrameKind::query);
    EXPECT_EQ(relay->deadline_ms, 17);
    EXPECT_EQ(relay->head_bytes, 8u);
    EXPECT_EQ(relay->body.text(), "headheadbody");
    for (const FrameKind kind : {FrameKind::raft, FrameKind::relay, FrameKind::repair}) {
        EXPECT_FALSE(decode_relay(samples::frame_of(
            FrameKind::relay, encode_relay(NodeId(3), kind, 17, message))));
    }
    EXPECT_FALSE(decode_relay(samples::frame_of(
        FrameKind::relay, encode_relay(NodeId(3), FrameKind::query, -1, message))));
    const auto failed = decode_relay_failed(
        samples::frame_of(FrameKind::relay_failed, encode(RelayFailed{true})));
    ASSERT_TRUE(failed.has_value());
    EXPECT_TRUE(failed->sent);
}

TEST(RepairMessages, a_reply_comes_back) {
    RepairReply reply;
    reply.entries.push_back({LogIndex(7), Term(2), raft::EntryKind::noop, Buffer()});
    reply.entries.push_back({LogIndex(8), Term(3), raft::EntryKind::command, Buffer::copy_of("abc")});
    reply.bodies = {{LogIndex(4), 5, 2}, {LogIndex(4), 9, 3}};
    reply.contents = {Buffer::copy_of("xy"), Buffer::copy_of("uvw")};
    auto read = decode_repair_reply(samples::frame_of(FrameKind::repair_reply, encode(reply)));
    ASSERT_TRUE(read.has_value()) << read.error().to_string();
    ASSERT_EQ(read->entries.size(), 2u);
    EXPECT_EQ(read->entries[1].term, Term(3));
    EXPECT_EQ(read->entries[1].payload.text(), "abc");
    EXPECT_EQ(read->bodies, reply.bodies);
    EXPECT_EQ(read->contents[1].text(), "uvw");
}

TEST(RepairMessages, what_does_not_add_up_is_refused) {
    RepairReply reply;
    reply.entries.push_back({LogIndex(7), Term(2), raft::EntryKind::command, Buffer::copy_of("abc")});
    reply.entries.push_back({LogIndex(9), Term(2), raft::EntryKind::command, Buffer::copy_of("abc")});
    EXPECT_FALSE(decode_repair_reply(samples::frame_of(FrameKind::repair_reply, encode(reply))));
    reply.entries.pop_back();
    Encoded longer = encode(reply);
    longer.attachments.append(Buffer::copy_of("more"));
    EXPECT_FALSE(decode_repair_reply(samples::frame_of(FrameKind::repair_reply, std::move(longer))));
    const RepairRequest backwards{GroupId(3), {}, LogIndex(9), LogIndex(7), {}, {}, {}, {}};
    EXPECT_FALSE(decode_repair_request(samples::frame_of(FrameKind::repair, encode(backwards))));
}

}  // namespace
}  // namespace quern::wire
