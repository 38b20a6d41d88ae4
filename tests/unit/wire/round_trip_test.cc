// What is decoded is what was encoded. Values are random in every field; a field that the decoder drops
// shows when the decoded value is encoded again.
#include <gtest/gtest.h>

#include "tests/unit/wire/samples.h"

namespace quern::wire {
namespace {

constexpr int rounds = 60;

TEST(RoundTrip, requests) {
    for (size_t alternative = 0; alternative < samples::operation_count; ++alternative) {
        for (int round = 0; round < rounds; ++round) {
            Prng prng(alternative * 1000 + static_cast<uint64_t>(round));
            samples::Arena arena;
            const Request request = samples::request(prng, alternative, arena);
            ASSERT_EQ(request.operation.index(), alternative);
            const Encoded encoded = encode(request);
            EXPECT_EQ(encoded.head.size() % 8, 0u);
            const Frame frame = samples::frame_of(FrameKind::request, encoded);
            const auto decoded = decode_request(frame.body, frame.head_bytes);
            ASSERT_TRUE(decoded) << decoded.error().to_string();
            EXPECT_EQ(decoded->operation.index(), alternative);
            EXPECT_EQ(decoded->queue, request.queue);
            EXPECT_EQ(decoded->queue_name, request.queue_name);
            EXPECT_EQ(decoded->token, request.token);
            EXPECT_EQ(decoded->deadline_ms, request.deadline_ms);
            EXPECT_EQ(decoded->begun, request.begun);
            EXPECT_EQ(samples::flat(encode(*decoded)), samples::flat(encoded));
        }
    }
}

TEST(RoundTrip, responses) {
    for (size_t alternative = 0; alternative < samples::response_count; ++alternative) {
        for (int round = 0; round < rounds; ++round) {
            Prng prng(alternative * 1000 + static_cast<uint64_t>(round));
            const Response response = samples::response(prng, alternative);
            ASSERT_EQ(response.body.index(), alternative);
            const Encoded encoded = encode(response);
            const Frame frame = samples::frame_of(FrameKind::response, encoded);
            const auto decoded = decode_response(frame.body, frame.head_bytes);
            ASSERT_TRUE(decoded) << decoded.error().to_string();
            EXPECT_EQ(decoded->body.index(), alternative);
            EXPECT_EQ(decoded->error.code, response.error.code);
            EXPECT_EQ(decoded->error.outcome, response.error.outcome);
            EXPECT_EQ(decoded->error.detail, response.error.detail);
            EXPECT_EQ(decoded->index, response.index);
            EXPECT_EQ(decoded->time, response.time);
            EXPECT_EQ(samples::flat(encode(*decoded)), samples::flat(encoded));
        }
    }
}

TEST(RoundTrip, message_fields_arrive) {
    Prng prng(5);
    samples::Arena arena;
    Request request = samples::request(prng, 0, arena);
    const Buffer content = Buffer::copy_of("bodyattributes");
    request.operation = SendRequest{{{content.span(), 4, 1234}}};
    const Frame frame = samples::frame_of(FrameKind::request, encode(request));
    const Request decoded = decode_request(frame.body, frame.head_bytes).value();
    const queue::SendEntry& entry = std::get<SendRequest>(decoded.operation).entries.at(0);
    EXPECT_EQ(as_text(entry.content), "bodyattributes");
    EXPECT_EQ(entry.body_bytes, 4u);
    EXPECT_EQ(entry.delay_ms, 1234);
    // In place: no copy was made.
    EXPECT_EQ(entry.content.data(), frame.body.data() + frame.head_bytes);
    // The form that copies nothing on the way out gives the same bytes.
    EXPECT_EQ(samples::flat(encode(request, BufferChain(content))), samples::flat(encode(request)));
}

TEST(RoundTrip, command_batches) {
    CommandBatch decoded;
    for (uint64_t round = 0; round < 300; ++round) {
        Prng prng(round);
        samples::Arena arena;
        const auto commands = samples::commands(prng, prng.below(12), arena);
        const ClusterTime time{samples::signed_number(prng)};
        const Buffer payload = encode_commands(time, commands);
        EXPECT_EQ(payload.size() % 8, 0u);
        const auto result = decode_commands(payload, decoded);
        ASSERT_TRUE(result) << result.error().to_string();
        EXPECT_EQ(decoded.time, time);
        ASSERT_EQ(decoded.commands.size(), commands.size());
        size_t estimate = 256;
        for (size_t i = 0; i < commands.size(); ++i) {
            EXPECT_EQ(decoded.commands[i].operation.index(), commands[i].operation.index());
            EXPECT_EQ(decoded.commands[i].token, commands[i].token);
            estimate += encoded_bytes_estimate(commands[i]);
        }
        EXPECT_LE(payload.size(), estimate);
        EXPECT_EQ(encode_commands(decoded.time, decoded.commands).text(), payload.text());
    }
}

TEST(RoundTrip, command_contents_lie_in_the_payload) {
    const Buffer content = Buffer::copy_of("hello");
    queue::Command command;
    command.operation = queue::Send{{{content.span(), 5, -1}, {content.span(), 3, 7}}};
    const Buffer payload = encode_commands(ClusterTime{1}, {command});
    CommandBatch batch;
    ASSERT_TRUE(decode_commands(payload, batch));
    const auto& entries = std::get<queue::Send>(batch.commands.at(0).operation).entries;
    ASSERT_EQ(entries.size(), 2u);
    for (const queue::SendEntry& entry : entries) {
        EXPECT_EQ(as_text(entry.content), "hello");
        EXPECT_GE(entry.content.data(), payload.data());
        EXPECT_LE(entry.content.data() + entry.content.size(), payload.data() + payload.size());
    }
    EXPECT_EQ(entries[1].body_bytes, 3u);
    EXPECT_EQ(entries[1].delay_ms, 7);
}

TEST(RoundTrip, raft_messages) {
    for (uint64_t round = 0; round < 300; ++round) {
        Prng prng(round);
        const auto messages = samples::raft_messages(prng, prng.below(12));
        const Encoded encoded = encode_raft(messages);
        const auto decoded = decode_raft(samples::frame_of(FrameKind::raft, encoded));
        ASSERT_TRUE(decoded) << decoded.error().to_string();
        ASSERT_EQ(decoded->size(), messages.size());
        for (size_t i = 0; i < messages.size(); ++i) {
            const raft::Message& in = messages[i].message;
            const raft::Message& out = decoded->at(i).message;
            EXPECT_EQ(decoded->at(i).incarnation, messages[i].incarnation);
            EXPECT_EQ(out.kind, in.kind);
            EXPECT_EQ(out.hint_index, in.hint_index);
            ASSERT_EQ(out.entries.size(), in.entries.size());
            for (size_t n = 0; n < in.entries.size(); ++n) {
                EXPECT_EQ(out.entries[n].payload.text(), in.entries[n].payload.text());
                if (out.entries[n].payload.empty()) continue;
                EXPECT_EQ(reinterpret_cast<uintptr_t>(out.entries[n].payload.data()) % 8, 0u);
            }
        }
        EXPECT_EQ(samples::flat(encode_raft(*decoded)), samples::flat(encoded));
    }
}

}  // namespace
}  // namespace quern::wire
