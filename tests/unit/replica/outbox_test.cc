// How the raft messages of one turn are put into frames.
#include <gtest/gtest.h>

#include "system/base/limits.h"
#include "system/replica/outbox.h"
#include "system/wire/frame.h"

namespace quern::replica {
namespace {

constexpr size_t mib = 1024 * 1024;

wire::RaftMessage append(size_t entries, size_t payload_bytes) {
    wire::RaftMessage append;
    append.message.kind = raft::MessageKind::append_request;
    MutableBuffer bytes(payload_bytes);
    std::fill_n(bytes.data(), payload_bytes, uint8_t{7});
    const Buffer payload = std::move(bytes).freeze();
    for (size_t i = 0; i < entries; ++i) {
        append.message.entries.push_back({LogIndex(i + 1), Term(1), raft::EntryKind::command, payload});
    }
    return append;
}

TEST(Outbox, little_goes_in_one_frame) {
    const std::vector<wire::RaftMessage> heartbeats(4096);
    EXPECT_EQ(messages_of_a_frame(heartbeats), heartbeats.size());
    EXPECT_EQ(messages_of_a_frame(std::vector(3, append(2, mib))), 3u);
}

// A node that was away while many groups went on: what they all send it in one turn must not become a frame that
// it refuses, again and again.
TEST(Outbox, much_goes_in_several_frames_each_of_which_the_peer_takes) {
    const std::vector<wire::RaftMessage> messages(40, append(2, mib - 64));
    EXPECT_EQ(messages_of_a_frame(messages), 4u);
    std::span<const wire::RaftMessage> left = messages;
    while (!left.empty()) {
        const size_t count = messages_of_a_frame(left);
        ASSERT_GT(count, 0u);
        const wire::Encoded encoded = wire::encode_raft(left.first(count));
        EXPECT_LE(encoded.head.size() + encoded.attachments.size(), limits::frame_bytes_max_peer);
        left = left.subspan(count);
    }
}

TEST(Outbox, a_message_that_is_large_alone_goes_alone) {
    const std::vector<wire::RaftMessage> messages(2, append(1, limits::entry_bytes_max));
    EXPECT_EQ(messages_of_a_frame(messages), 1u);
    const wire::Encoded encoded = wire::encode_raft(std::span(messages).first(1));
    EXPECT_LE(encoded.head.size() + encoded.attachments.size(), limits::frame_bytes_max_peer);
}

}  // namespace
}  // namespace quern::replica
