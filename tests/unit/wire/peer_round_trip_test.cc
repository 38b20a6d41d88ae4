#include <gtest/gtest.h>

#include "tests/unit/wire/samples.h"

namespace quern::wire {
namespace {

constexpr int rounds = 60;

TEST(PeerRoundTrip, metadata_commands) {
    for (size_t alternative = 0; alternative < samples::metadata_command_count; ++alternative) {
        for (int round = 0; round < rounds; ++round) {
            Prng prng(alternative * 1000 + static_cast<uint64_t>(round));
            std::vector<metadata::Command> commands;
            commands.push_back(samples::metadata_command(prng, alternative));
            commands.push_back(samples::metadata_command(prng, prng.below(14)));
            ASSERT_EQ(commands[0].operation.index(), alternative);
            const ClusterTime time{samples::signed_number(prng)};
            const Buffer payload = encode_metadata_commands(time, commands);
            EXPECT_EQ(payload.size() % 8, 0u);
            const auto decoded = decode_metadata_commands(payload);
            ASSERT_TRUE(decoded) << decoded.error().to_string();
            EXPECT_EQ(decoded->time, time);
            ASSERT_EQ(decoded->commands.size(), 2u);
            EXPECT_EQ(decoded->commands[0].operation.index(), alternative);
            EXPECT_EQ(decoded->commands[0].token, commands[0].token);
            EXPECT_EQ(encode_metadata_commands(time, decoded->commands).text(), payload.text());
        }
    }
}

TEST(PeerRoundTrip, records_are_equal) {
    for (uint64_t round = 0; round < 200; ++round) {
        Prng prng(round);
        const metadata::QueueRecord queue = samples::queue_record(prng);
        const metadata::UserRecord user = samples::user_record(prng);
        WatchAnswer watch;
        watch.changes.push_back({CatalogueVersion(1), queue});
        watch.changes.push_back({CatalogueVersion(2), user});
        watch.nodes.push_back(samples::node_record(prng));
        watch.groups.push_back(samples::group_record(prng));
        QueryReply reply;
        reply.answer = watch;
        const auto decoded =
            decode_query_reply(samples::frame_of(FrameKind::query_reply, encode(reply)));
        ASSERT_TRUE(decoded);
        const auto& answer = std::get<WatchAnswer>(decoded->answer);
        EXPECT_EQ(std::get<metadata::QueueRecord>(answer.changes.at(0).record), queue);
        EXPECT_EQ(std::get<metadata::UserRecord>(answer.changes.at(1).record), user);
        EXPECT_EQ(answer.nodes.at(0), watch.nodes[0]);
        EXPECT_EQ(answer.groups.at(0), watch.groups[0]);
    }
}

TEST(PeerRoundTrip, queries) {
    for (size_t alternative = 0; alternative < samples::query_count; ++alternative) {
        for (int round = 0; round < rounds; ++round) {
            Prng prng(alternative * 1000 + static_cast<uint64_t>(round));
            const Encoded encoded = encode(samples::query(prng, alternative));
            const auto decoded = decode_query(samples::frame_of(FrameKind::query, encoded));
            ASSERT_TRUE(decoded) << decoded.error().to_string();
            EXPECT_EQ(decoded->index(), alternative);
            EXPECT_EQ(samples::flat(encode(*decoded)), samples::flat(encoded));
        }
    }
}

TEST(PeerRoundTrip, query_replies) {
    for (size_t alternative = 0; alternative < samples::answer_count; ++alternative) {
        for (int round = 0; round < rounds; ++round) {
            Prng prng(alternative * 1000 + static_cast<uint64_t>(round));
            const QueryReply reply = samples::query_reply(prng, alternative);
            const Encoded encoded = encode(reply);
            const auto decoded =
                decode_query_reply(samples::frame_of(FrameKind::query_reply, encoded));
            ASSERT_TRUE(decoded) << decoded.error().to_string();
            EXPECT_EQ(decoded->answer.index(), alternative);
            EXPECT_EQ(decoded->error.code, reply.error.code);
            EXPECT_EQ(decoded->policy_version, reply.policy_version);
            EXPECT_EQ(samples::flat(encode(*decoded)), samples::flat(encoded));
        }
    }
}

TEST(PeerRoundTrip, ping_and_pong) {
    const Ping ping{Instant{123}};
    EXPECT_EQ(decode_ping(samples::frame_of(FrameKind::ping, encode(ping)))->sent, ping.sent);
    const Pong pong{Instant{-5}, {WallTime{10}, WallTime{20}}, true, {NodeId(3), NodeId(5)}};
    const Pong out = decode_pong(samples::frame_of(FrameKind::pong, encode(pong))).value();
    EXPECT_EQ(out.sent, pong.sent);
    EXPECT_EQ(out.wall.earliest, pong.wall.earliest);
    EXPECT_EQ(out.wall.latest, pong.wall.latest);
    EXPECT_TRUE(out.overloaded_disk);
    EXPECT_EQ(out.reaches, pong.reaches);
    Pong many;
    many.reaches.resize(limits::nodes_max);
    EXPECT_TRUE(decode_pong(samples::frame_of(FrameKind::pong, encode(many))));
    many.reaches.emplace_back();
    EXPECT_FALSE(decode_pong(samples::frame_of(FrameKind::pong, encode(many))));
    const Pong empty_interval{Instant{}, {WallTime{20}, WallTime{10}}, false, {}};
    EXPECT_FALSE(decode_pong(samples::frame_of(FrameKind::pong, encode(empty_interval))));
    EXPECT_FALSE(decode_ping(samples::frame_of(FrameKind::pong, encode(pong))));
}

TEST(PeerRoundTrip, a_forwarded_request_arrives_unchanged) {
    Prng prng(3);
    samples::Arena arena;
    const Frame asked =
        samples::frame_of(FrameKind::request, encode(samples::request(prng, 0, arena)));
    Forward forward;
    forward.header = {GroupId(3),          QueueId(4), CatalogueVersion(5), CatalogueVersion(6),
                      UserId(7),           8,          asked.head_bytes,
                      ForwardHeader::Kind::client_request, {}};
    forward.request = asked.body;
    const auto out = decode_forward(samples::frame_of(FrameKind::forward, encode(forward)));
    ASSERT_TRUE(out) << out.error().to_string();
    EXPECT_EQ(out->header.group, GroupId(3));
    EXPECT_EQ(out->header.queue, QueueId(4));
    EXPECT_EQ(out->header.record_version, CatalogueVersion(5));
    EXPECT_EQ(out->header.authorised_at, CatalogueVersion(6));
    EXPECT_EQ(out->header.principal, UserId(7));
    EXPECT_EQ(out->header.deadline_ms, 8);
    EXPECT_EQ(out->request.text(), asked.body.text());
    EXPECT_TRUE(decode_request(out->request, out->header.request_head_bytes));
}

TEST(PeerRoundTrip, forwarded_ensure_and_drop) {
    Prng prng(4);
    Forward ensure;
    ensure.header.kind = ForwardHeader::Kind::ensure_queue;
    ensure.header.attributes = samples::attributes(prng);
    const auto out = decode_forward(samples::frame_of(FrameKind::forward, encode(ensure)));
    ASSERT_TRUE(out);
    EXPECT_EQ(out->header.attributes, ensure.header.attributes);
    Forward drop;
    drop.header.kind = ForwardHeader::Kind::drop_queue;
    EXPECT_TRUE(decode_forward(samples::frame_of(FrameKind::forward, encode(drop))));
    drop.header.kind = ForwardHeader::Kind::client_request;  // without a request
    EXPECT_FALSE(decode_forward(samples::frame_of(FrameKind::forward, encode(drop))));
    ensure.request = Buffer::copy_of("a request");
    EXPECT_FALSE(decode_forward(samples::frame_of(FrameKind::forward, encode(ensure))));
}

TEST(PeerRoundTrip, snapshots) {
    SnapshotOffer offer;
    offer.group = GroupId(1);
    offer.incarnation = {2, 3};
    offer.from = NodeId(4);
    offer.term = Term(5);
    offer.meta = {LogIndex(6), Term(7), {{NodeId(1), NodeId(2)}, {NodeId(3)}, {NodeId(9)}}};
    const auto offered =
        decode_snapshot_offer(samples::frame_of(FrameKind::snapshot_offer, encode(offer)));
    ASSERT_TRUE(offered);
    EXPECT_EQ(offered->incarnation, offer.incarnation);
    EXPECT_EQ(offered->from, offer.from);
    EXPECT_EQ(offered->meta.index, offer.meta.index);
    EXPECT_EQ(offered->meta.term, offer.meta.term);
    EXPECT_EQ(offered->meta.configuration, offer.meta.configuration);
    offer.meta.configuration.voters = {NodeId(2), NodeId(1)};
    EXPECT_FALSE(decode_snapshot_offer(samples::frame_of(FrameKind::snapshot_offer, encode(offer))));

    SnapshotChunk chunk{GroupId(1), LogIndex(2), 3, true, {{LogIndex(8), 9, 4}}, {{LogIndex(7), 1, 2}},
                        Buffer::copy_of("body")};
    const auto sent =
        decode_snapshot_chunk(samples::frame_of(FrameKind::snapshot_chunk, encode(chunk)));
    ASSERT_TRUE(sent);
    EXPECT_EQ(sent->snapshot_index, LogIndex(2));
    EXPECT_EQ(sent->ordinal, 3u);
    EXPECT_TRUE(sent->last);
    EXPECT_EQ(sent->bodies, chunk.bodies);
    EXPECT_EQ(sent->absent, chunk.absent);
    EXPECT_EQ(sent->bytes.text(), "body");
    chunk.bodies.push_back({LogIndex(8), 13, 1});
    EXPECT_FALSE(decode_snapshot_chunk(samples::frame_of(FrameKind::snapshot_chunk, encode(chunk))));

    const SnapshotReply reply{GroupId(1), LogIndex(2), 3, true, true};
    const auto answered =
        decode_snapshot_reply(samples::frame_of(FrameKind::snapshot_reply, encode(reply)));
    ASSERT_TRUE(answered);
    EXPECT_EQ(answered->ordinal, 3u);
    EXPECT_TRUE(answered->accepted && answered->done);
}

}  // namespace
}  // namespace quern::wire
