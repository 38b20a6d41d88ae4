#include "system/wire/frame.h"

#include <gtest/gtest.h>

#include "system/base/checksum.h"
#include "tests/unit/wire/samples.h"

namespace quern::wire {
namespace {

constexpr size_t body_max = 1024 * 1024;

// Feeds `bytes` in pieces of at most `piece`; what came out, and how it ended.
struct Fed {
    std::vector<Frame> frames;
    Result<void> result;
};
Fed feed(FrameDecoder& decoder, std::string_view bytes, size_t piece = SIZE_MAX) {
    Fed fed;
    while (!bytes.empty() && fed.result) {
        const std::span<uint8_t> space = decoder.space();
        const size_t size = std::min({bytes.size(), space.size(), piece});
        std::memcpy(space.data(), bytes.data(), size);
        bytes.remove_prefix(size);
        fed.result = decoder.consumed(size, fed.frames);
    }
    return fed;
}

std::string sample(size_t attachment_bytes, uint64_t id = 7) {
    return samples::flat(encode_frame(FrameKind::request, id, Buffer::copy_of("headhead"),
                                      Buffer::copy_of(std::string(attachment_bytes, 'x'))));
}

void expect_sample(const Frame& frame, size_t attachment_bytes, uint64_t id = 7) {
    EXPECT_EQ(frame.kind, FrameKind::request);
    EXPECT_EQ(frame.request_id, id);
    EXPECT_EQ(as_text(frame.head()), "headhead");
    EXPECT_EQ(frame.attachments().text(), std::string(attachment_bytes, 'x'));
    EXPECT_EQ(reinterpret_cast<uintptr_t>(frame.body.data()) % 8, 0u);
}

TEST(Frame, is_a_multiple_of_eight_long) {
    for (size_t bytes = 0; bytes < 20; ++bytes) EXPECT_EQ(sample(bytes).size() % 8, 0u);
}

TEST(Frame, encoding_a_received_body_gives_the_same_bytes) {
    const std::string one = sample(13);
    FrameDecoder decoder(body_max);
    const Frame frame = feed(decoder, one).frames.at(0);
    EXPECT_EQ(samples::flat(encode_frame_body(frame.kind, frame.request_id, frame.head_bytes,
                                              frame.body)),
              one);
}

TEST(FrameDecoder, every_split_gives_the_same_frames) {
    const std::string stream = sample(0, 1) + sample(3, 2) + sample(40, 3);
    for (size_t split = 0; split <= stream.size(); ++split) {
        FrameDecoder decoder(body_max);
        Fed first = feed(decoder, std::string_view(stream).substr(0, split));
        Fed second = feed(decoder, std::string_view(stream).substr(split));
        ASSERT_TRUE(first.result && second.result);
        for (Frame& frame : second.frames) first.frames.push_back(std::move(frame));
        ASSERT_EQ(first.frames.size(), 3u);
        expect_sample(first.frames[0], 0, 1);
        expect_sample(first.frames[1], 3, 2);
        expect_sample(first.frames[2], 40, 3);
        EXPECT_FALSE(decoder.mid_frame());
    }
}

TEST(FrameDecoder, sizes_around_the_chunk_and_byte_by_byte) {
    for (size_t size : {65'400u, 65'495u, 65'496u, 65'504u, 65'536u, 70'000u, 300'000u}) {
        for (size_t piece : {size_t{1}, size_t{7}, size_t{4096}, SIZE_MAX}) {
            if (piece == 1 && size != 65'496u) continue;
            FrameDecoder decoder(body_max);
            Fed fed = feed(decoder, sample(5, 1) + sample(size, 2) + sample(9, 3), piece);
            ASSERT_TRUE(fed.result);
            ASSERT_EQ(fed.frames.size(), 3u);
            expect_sample(fed.frames[0], 5, 1);
            expect_sample(fed.frames[1], size, 2);
            expect_sample(fed.frames[2], 9, 3);
        }
    }
}

TEST(FrameDecoder, frames_that_arrive_together_share_a_buffer) {
    FrameDecoder decoder(body_max);
    const Fed fed = feed(decoder, sample(20'000, 1) + sample(20'000, 2));
    ASSERT_EQ(fed.frames.size(), 2u);
    const auto* end = fed.frames[0].body.data() + fed.frames[0].body.size();
    EXPECT_EQ(fed.frames[1].body.data(), end + frame_header_bytes);
}

TEST(FrameDecoder, every_truncation_waits_for_more) {
    const std::string one = sample(17);
    for (size_t size = 0; size < one.size(); ++size) {
        FrameDecoder decoder(body_max);
        const Fed fed = feed(decoder, std::string_view(one).substr(0, size));
        EXPECT_TRUE(fed.result);
        EXPECT_TRUE(fed.frames.empty());
        EXPECT_EQ(decoder.mid_frame(), size > 0);
        EXPECT_EQ(decoder.held_bytes(), size);
    }
}

TEST(FrameDecoder, every_bit_flip_is_refused) {
    const std::string one = sample(17);
    for (size_t bit = 0; bit < one.size() * 8; ++bit) {
        std::string damaged = one;
        damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
        FrameDecoder decoder(body_max);
        const Fed fed = feed(decoder, damaged);
        ASSERT_FALSE(fed.result) << "bit " << bit;
        EXPECT_EQ(fed.result.error().code, ErrorCode::protocol_error);
        EXPECT_TRUE(fed.frames.empty());
    }
}

TEST(FrameDecoder, frames_before_damage_are_delivered) {
    std::string damaged = sample(1, 2);
    damaged[40] = static_cast<char>(damaged[40] ^ 1);
    FrameDecoder decoder(body_max);
    const Fed fed = feed(decoder, sample(3, 1) + damaged + sample(5, 3));
    EXPECT_FALSE(fed.result);
    ASSERT_EQ(fed.frames.size(), 1u);
    expect_sample(fed.frames[0], 3, 1);
}

// A header whose checksum is right and whose body_bytes is what an attacker likes.
std::string header_claiming(uint32_t body_bytes) {
    std::string header = sample(0).substr(0, frame_header_bytes);
    std::memcpy(header.data() + 8, &body_bytes, 4);
    const uint32_t checksum = crc32c(as_bytes(header).first(28));
    std::memcpy(header.data() + 28, &checksum, 4);
    return header;
}

TEST(FrameDecoder, length_is_checked_before_anything_is_allocated) {
    for (uint32_t claim : {0xffffffffu, 0xfffffff9u, 1025u, 0x80000000u}) {
        FrameDecoder decoder(1024);
        const Fed fed = feed(decoder, header_claiming(claim));
        ASSERT_FALSE(fed.result);
        EXPECT_EQ(fed.result.error().code, ErrorCode::frame_too_large);
        EXPECT_EQ(fed.result.error().limit, 1024);
        EXPECT_EQ(fed.result.error().actual, int64_t{claim});
        EXPECT_LE(decoder.held_bytes() + decoder.space().size(), 2048u);
    }
    FrameDecoder decoder(1024);
    EXPECT_TRUE(feed(decoder, header_claiming(1024)).result);
    // A body of 0 bytes cannot have a head of 8.
    FrameDecoder zero(1024);
    EXPECT_EQ(feed(zero, header_claiming(0)).result.error().code, ErrorCode::protocol_error);
}

TEST(FrameDecoder, holds_no_more_than_a_frame_where_frames_are_small) {
    FrameDecoder decoder(8192);
    EXPECT_LE(decoder.space().size(), 8192 + frame_header_bytes);
}

TEST(FrameDecoder, an_empty_body_is_a_frame) {
    FrameDecoder decoder(0);
    const Fed fed = feed(decoder, samples::flat(encode_frame(FrameKind::ping, 3, {})));
    ASSERT_TRUE(fed.result);
    ASSERT_EQ(fed.frames.size(), 1u);
    EXPECT_TRUE(fed.frames[0].body.empty());
}

TEST(FrameDecoder, strangers_are_told_what_this_port_is) {
    for (const char* bytes : {"GET / HTTP/1.1\r\n", "POST /queue", "\x16\x03\x01\x02", "hello"}) {
        FrameDecoder decoder(body_max);
        const Fed fed = feed(decoder, bytes);
        ASSERT_FALSE(fed.result);
        EXPECT_EQ(fed.result.error().code, ErrorCode::protocol_error);
        EXPECT_NE(fed.result.error().detail.find("this port speaks Quern's native protocol"),
                  std::string::npos);
    }
    FrameDecoder http(body_max);
    EXPECT_NE(feed(http, "GET / HTTP/1.1").result.error().detail.find("HTTP"), std::string::npos);
    FrameDecoder tls(body_max);
    EXPECT_NE(feed(tls, "\x16\x03\x01\x02").result.error().detail.find("TLS"), std::string::npos);
}

TEST(FrameDecoder, an_http_client_gets_an_answer_it_understands) {
    FrameDecoder http(body_max);
    EXPECT_TRUE(http.farewell().empty());
    EXPECT_FALSE(feed(http, "GET / HTTP/1.1\r\n\r\n", 3).result);
    EXPECT_TRUE(http.farewell().text().starts_with("HTTP/1.1 400 Bad Request\r\n"));
    EXPECT_NE(http.farewell().text().find("native protocol"), std::string_view::npos);

    FrameDecoder other(body_max);
    EXPECT_FALSE(feed(other, "hello").result);
    EXPECT_TRUE(other.farewell().empty());

    // Behind a frame such bytes are damage, not another protocol.
    FrameDecoder late(body_max);
    EXPECT_FALSE(feed(late, sample(8) + "GET / HTTP/1.1\r\n").result);
    EXPECT_TRUE(late.farewell().empty());
}

TEST(FrameDecoder, unknown_kinds_and_flags_are_refused) {
    for (size_t offset : {4u, 6u}) {
        std::string frame = sample(0);
        frame[offset] = 99;
        const uint32_t checksum = crc32c(as_bytes(frame).first(28));
        std::memcpy(frame.data() + 28, &checksum, 4);
        FrameDecoder decoder(body_max);
        EXPECT_EQ(feed(decoder, frame).result.error().code, ErrorCode::protocol_error);
    }
}

TEST(FrameDecoder, random_bytes_end_in_an_error_or_wait) {
    for (uint64_t seed = 0; seed < 2000; ++seed) {
        Prng prng(seed);
        std::string bytes = samples::text(prng, 200);
        if (prng.chance(1, 2)) bytes = "QRN1" + bytes;
        FrameDecoder decoder(body_max);
        EXPECT_TRUE(feed(decoder, bytes, 1 + prng.below(50)).frames.empty());
    }
}

}  // namespace
}  // namespace quern::wire
