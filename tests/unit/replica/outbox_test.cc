// How the raft messages of one turn are put into frames.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "sim/world/world.h"
#include "system/base/limits.h"
#include "system/replica/outbox.h"
#include "system/wire/acceptor.h"
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

// A peer that keeps what it was sent.
struct Peer final : wire::AcceptorHandler, wire::FrameHandler {
    explicit Peer(Env& env) : acceptor(env, {.at = {"peer", 9}, .port = wire::Port::peer}, *this) {
        QUERN_ASSERT(acceptor.start());
    }
    wire::HelloReply greeting() override { return {}; }
    void find_secret(const std::string&,
                     Callback<void(Result<std::optional<std::vector<uint8_t>>>)> done) override {
        done(std::optional(std::vector<uint8_t>{1}));
    }
    void on_session(std::unique_ptr<wire::FrameConnection> accepted, const std::string&) override {
        session = std::move(accepted);
        session->set_handler(*this);
        session->set_body_bytes_max(limits::frame_bytes_max_peer);
    }
    void on_frame(wire::FrameConnection&, wire::Frame frame) override {
        const Result<std::vector<wire::RaftMessage>> messages = wire::decode_raft(frame);
        ASSERT_TRUE(messages.has_value());
        ++frames;
        for (const wire::RaftMessage& message : *messages) numbers.push_back(message.message.index.value);
    }
    void on_closed(wire::FrameConnection&, const Error& reason) override { closed = reason.code; }

    wire::Acceptor acceptor;
    std::unique_ptr<wire::FrameConnection> session;
    size_t frames = 0;
    std::vector<uint64_t> numbers;  // of the messages that came
    ErrorCode closed{};
};

struct OutboxToPeer : testing::Test, wire::LinkHandler {
    void on_link_up(wire::Link&, const wire::HelloReply&) override {}
    void on_link_down(wire::Link&, const Error&) override { ++downs; }
    void on_link_frame(wire::Link&, wire::Frame) override {}
    wire::Link::Options options() {
        wire::Link::Options options;
        options.endpoint = {"peer", 9};
        options.port = wire::Port::peer;
        options.name = "self";
        options.secret = {1};
        options.frame_bytes_max = limits::frame_bytes_max_peer;
        return options;
    }
    void SetUp() override {
        link.start();
        ASSERT_TRUE(world.run_until([&] { return link.up(); }, Duration::seconds(5)));
        outbox.set_link(NodeId(2), &link);
    }
    // Numbered from 0 on.
    void add_appends(size_t count, size_t bytes) {
        raft::Message message = append(1, bytes).message;
        message.to = NodeId(2);
        for (size_t i = 0; i < count; ++i) {
            message.index = LogIndex(i);
            outbox.add(Uuid{}, message);
        }
    }

    sim::World world{{.seed = 3}};
    sim::Machine& self = world.add_machine({.name = "self"});
    Peer peer{world.add_machine({.name = "peer"}).env()};
    wire::Link link{self.env(), options(), *this};
    Outbox outbox{self.env(), NodeId(1), nullptr, [](NodeId) { return NodeId{}; }};
    int downs = 0;
};

TEST_F(OutboxToPeer, frames_of_one_turn_come_in_order) {
    add_appends(9, 3 * mib);
    outbox.flush();
    ASSERT_TRUE(world.run_until([&] { return peer.numbers.size() == 9; }, Duration::seconds(60)));
    EXPECT_EQ(peer.frames, 5u);
    EXPECT_TRUE(std::is_sorted(peer.numbers.begin(), peer.numbers.end()));
}

// More than the link may queue: the rest is lost, as on a network, and what is small still goes.
TEST_F(OutboxToPeer, a_full_link_is_spared_entries_and_stays) {
    constexpr size_t fits = limits::connection_out_bytes_max / 2 / mib - 1;
    add_appends(3 * fits, mib);
    raft::Message heartbeat;
    heartbeat.kind = raft::MessageKind::heartbeat_request;
    heartbeat.to = NodeId(2);
    heartbeat.index = LogIndex(1000);
    outbox.flush();
    outbox.add(Uuid{}, heartbeat);
    add_appends(1, 7 * mib);  // in one frame with the heartbeats
    heartbeat.index = LogIndex(1001);
    outbox.add(Uuid{}, heartbeat);
    outbox.flush();
    ASSERT_TRUE(world.run_until([&] { return !peer.numbers.empty() && peer.numbers.back() == 1001; },
                                Duration::seconds(60)));
    EXPECT_EQ(peer.numbers.at(peer.numbers.size() - 2), 1000u);
    EXPECT_LE(peer.numbers.size(), fits + 2);
    EXPECT_GE(peer.numbers.size(), fits / 2);
    EXPECT_EQ(downs, 0);
}

}  // namespace
}  // namespace quern::replica
