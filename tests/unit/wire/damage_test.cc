// Bytes from outside are damaged in every way (faults.md S131-S134): decoders refuse them or read a
// value, and never touch what they must not. Run under the sanitizers too.
#include <gtest/gtest.h>

#include <functional>

#include "system/base/limits.h"
#include "system/wire/response_summary.h"
#include "tests/unit/wire/samples.h"

namespace quern::wire {
namespace {

struct Sample {
    Frame frame;
    std::function<bool(const Frame&)> decodes;
};

bool decodes_commands(const Frame& frame) {
    CommandBatch batch;
    const Result<void> result = decode_commands(frame.body, batch);
    if (!result) return false;
    for (const queue::Command& command : batch.commands) {
        const auto* send = std::get_if<queue::Send>(&command.operation);
        if (send == nullptr) continue;
        for (const queue::SendEntry& entry : send->entries) {
            EXPECT_LE(entry.body_bytes, entry.content.size());
            EXPECT_LE(entry.content.data() + entry.content.size(),
                      frame.body.data() + frame.body.size());
        }
    }
    return true;
}

std::vector<Sample> all_samples(uint64_t seed) {
    Prng prng(seed);
    samples::Arena arena;
    std::vector<Sample> result;
    const auto request = [](const Frame& f) { return decode_request(f.body, f.head_bytes).has_value(); };
    const auto response = [](const Frame& f) {
        return decode_response(f.body, f.head_bytes).has_value();
    };
    for (size_t i = 0; i < samples::operation_count; ++i) {
        result.push_back({samples::frame_of(FrameKind::request,
                                            encode(samples::request(prng, i, arena))),
                          request});
    }
    for (size_t i = 0; i < samples::response_count; ++i) {
        result.push_back(
            {samples::frame_of(FrameKind::response, encode(samples::response(prng, i))), response});
    }
    result.push_back({samples::frame_of(FrameKind::raft, encode_raft(samples::raft_messages(prng, 6))),
                      [](const Frame& f) { return decode_raft(f).has_value(); }});
    for (size_t i = 0; i < samples::query_count; ++i) {
        result.push_back({samples::frame_of(FrameKind::query, encode(samples::query(prng, i))),
                          [](const Frame& f) { return decode_query(f).has_value(); }});
    }
    for (size_t i = 0; i < samples::answer_count; ++i) {
        result.push_back(
            {samples::frame_of(FrameKind::query_reply, encode(samples::query_reply(prng, i))),
             [](const Frame& f) { return decode_query_reply(f).has_value(); }});
    }
    Frame batch;
    batch.body = encode_commands(ClusterTime{5}, samples::commands(prng, 6, arena));
    result.push_back({batch, decodes_commands});
    Frame catalogue;
    std::vector<metadata::Command> commands;
    for (size_t i = 0; i < samples::metadata_command_count; ++i) {
        commands.push_back(samples::metadata_command(prng, i));
    }
    catalogue.body = encode_metadata_commands(ClusterTime{5}, commands);
    result.push_back(
        {catalogue, [](const Frame& f) { return decode_metadata_commands(f.body).has_value(); }});
    return result;
}

// The same frame with other bytes, in a buffer of its own so that an overrun is seen.
Frame with_body(const Frame& frame, std::string_view bytes) {
    Frame changed = frame;
    changed.body = Buffer::copy_of(bytes);
    changed.head_bytes = std::min(frame.head_bytes, static_cast<uint32_t>(bytes.size()));
    return changed;
}

TEST(Damage, samples_decode) {
    for (const Sample& sample : all_samples(1)) EXPECT_TRUE(sample.decodes(sample.frame));
}

TEST(Damage, every_truncation_is_survived) {
    for (const Sample& sample : all_samples(2)) {
        const std::string whole(sample.frame.body.text());
        for (size_t size = 0; size < whole.size(); ++size) {
            sample.decodes(with_body(sample.frame, std::string_view(whole).substr(0, size)));
        }
    }
}

TEST(Damage, every_bit_flip_is_survived) {
    for (const Sample& sample : all_samples(3)) {
        std::string bytes(sample.frame.body.text());
        for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
            bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
            sample.decodes(with_body(sample.frame, bytes));
            bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
        }
    }
}

TEST(Damage, many_random_changes_are_survived) {
    for (uint64_t seed = 0; seed < 40; ++seed) {
        Prng prng(seed);
        for (const Sample& sample : all_samples(seed)) {
            std::string bytes(sample.frame.body.text());
            for (uint64_t n = 1 + prng.below(8); n > 0 && !bytes.empty(); --n) {
                bytes[prng.below(bytes.size())] = static_cast<char>(prng.next());
            }
            sample.decodes(with_body(sample.frame, bytes));
        }
    }
}

TEST(Damage, random_bytes_are_refused) {
    const std::vector<Sample> all = all_samples(4);
    for (uint64_t seed = 0; seed < 300; ++seed) {
        Prng prng(seed);
        const std::string bytes = samples::text(prng, 300);
        for (const Sample& sample : all) {
            Frame frame = sample.frame;
            frame.body = Buffer::copy_of(bytes);
            frame.head_bytes = static_cast<uint32_t>(bytes.size());
            EXPECT_FALSE(sample.decodes(frame));
        }
    }
}

TEST(Damage, attachments_must_add_up) {
    Prng prng(6);
    samples::Arena arena;
    Request request;
    request.operation = SendRequest{{{as_bytes("hello"), 5, -1}, {as_bytes("world"), 5, -1}}};
    const Encoded encoded = encode(request);
    const std::string whole = samples::flat(encoded);
    const auto head = static_cast<uint32_t>(encoded.head.size());
    EXPECT_TRUE(decode_request(Buffer::copy_of(whole), head));
    EXPECT_FALSE(decode_request(Buffer::copy_of(whole + "x"), head));
    EXPECT_FALSE(decode_request(Buffer::copy_of(whole.substr(0, whole.size() - 1)), head));
    EXPECT_FALSE(decode_request(Buffer::copy_of(whole), static_cast<uint32_t>(whole.size() + 1)));

    const Buffer payload = encode_commands(ClusterTime{1}, samples::commands(prng, 3, arena));
    CommandBatch batch;
    EXPECT_TRUE(decode_commands(payload, batch));
    const std::string longer = std::string(payload.text()) + std::string(8, '\0');
    EXPECT_EQ(decode_commands(Buffer::copy_of(longer), batch).error().code, ErrorCode::corrupt);
}

TEST(Damage, a_misaligned_body_is_read_all_the_same) {
    Prng prng(7);
    samples::Arena arena;
    const Encoded encoded = encode(samples::request(prng, 0, arena));
    for (size_t shift = 1; shift < 8; ++shift) {
        const Buffer shifted =
            Buffer::copy_of(std::string(shift, 'x') + samples::flat(encoded)).slice(shift);
        EXPECT_TRUE(decode_request(shifted, static_cast<uint32_t>(encoded.head.size())));
    }
}

TEST(Damage, another_messages_head_is_refused) {
    Prng prng(8);
    samples::Arena arena;
    const Frame request =
        samples::frame_of(FrameKind::request, encode(samples::request(prng, 4, arena)));
    const Frame response = samples::frame_of(FrameKind::response, encode(samples::response(prng, 0)));
    EXPECT_FALSE(decode_request(response.body, response.head_bytes));
    EXPECT_FALSE(decode_response(request.body, request.head_bytes));
    Frame disguised = request;
    disguised.kind = FrameKind::raft;
    EXPECT_FALSE(decode_raft(disguised));
}

TEST(Damage, more_tables_than_the_limit_are_refused) {
    ListUsersResponse users;
    users.users.resize(limits::flatbuffer_tables_max + 1);
    Response response;
    response.body = users;
    const Frame frame = samples::frame_of(FrameKind::response, encode(response));
    EXPECT_FALSE(decode_response(frame.body, frame.head_bytes));
    users.users.resize(1000);
    response.body = users;
    const Frame fewer = samples::frame_of(FrameKind::response, encode(response));
    EXPECT_TRUE(decode_response(fewer.body, fewer.head_bytes));
}

// The largest records a catalogue may hold (limits.h), on full pages.
TEST(Damage, a_full_page_fits_into_a_frame) {
    metadata::UserRecord user;
    user.name = std::string(limits::user_name_bytes_max, 'u');
    user.account = user.name;
    const metadata::AccessKey key{std::string(limits::access_key_id_bytes_max, 'k'),
                                  Buffer::copy_of(std::string(limits::secret_sealed_bytes_max, 's'))};
    user.keys.assign(limits::access_keys_per_user_max, key);
    const metadata::Grant grant{metadata::Effect::deny, metadata::all_actions,
                                std::string(limits::queue_name_bytes_max, 'q')};
    user.grants.assign(limits::grants_per_user_max, grant);
    ListUsersResponse page;
    const ListUsersResponse::User listed{user.name, user.account, {key.id, key.id}, user.grants};
    page.users.assign(limits::listed_users_max, listed);
    Response response;
    response.body = page;
    const Frame client = samples::frame_of(FrameKind::response, encode(response));
    EXPECT_LT(client.body.size(), limits::frame_bytes_max_client);
    EXPECT_TRUE(decode_response(client.body, client.head_bytes));

    QueryReply reply;
    reply.answer = UserListAnswer{std::vector(limits::listed_users_max, user), true};
    const Frame users = samples::frame_of(FrameKind::query_reply, encode(reply));
    EXPECT_LT(users.body.size(), limits::frame_bytes_max_peer);
    EXPECT_TRUE(decode_query_reply(users));

    metadata::QueueRecord queue;
    queue.name = {user.account, std::string(limits::queue_name_bytes_max, 'n')};
    for (size_t i = 0; i < limits::tags_max; ++i) {
        queue.tags[std::to_string(i) + std::string(limits::tag_key_bytes_max - 2, 't')] =
            std::string(limits::tag_value_bytes_max, 'v');
    }
    reply.answer = QueueListAnswer{std::vector(limits::listed_queues_max, queue), true};
    const Frame queues = samples::frame_of(FrameKind::query_reply, encode(reply));
    EXPECT_LT(queues.body.size(), limits::frame_bytes_max_peer);
    EXPECT_TRUE(decode_query_reply(queues));
    WatchAnswer changes;
    changes.changes.assign(limits::listed_queues_max, metadata::Change{CatalogueVersion(1), queue});
    reply.answer = changes;
    const Frame watch = samples::frame_of(FrameKind::query_reply, encode(reply));
    EXPECT_LT(watch.body.size(), limits::frame_bytes_max_peer);
    EXPECT_TRUE(decode_query_reply(watch));
}

TEST(Damage, out_of_range_values_are_refused) {
    Response response;
    response.body = PeekResponse{{{ReceivedMessage{}, 3}}};
    Frame frame = samples::frame_of(FrameKind::response, encode(response));
    EXPECT_FALSE(decode_response(frame.body, frame.head_bytes));
    Request request;
    request.operation = ReceiveRequest{1, -2, -1};
    frame = samples::frame_of(FrameKind::request, encode(request));
    EXPECT_FALSE(decode_request(frame.body, frame.head_bytes));
    request.operation = GrantRequest{"u", {metadata::Effect::allow, metadata::all_actions + 1, ""}};
    frame = samples::frame_of(FrameKind::request, encode(request));
    EXPECT_FALSE(decode_request(frame.body, frame.head_bytes));
    std::vector<RaftMessage> messages(1);
    messages[0].message.kind = static_cast<raft::MessageKind>(9);
    EXPECT_FALSE(decode_raft(samples::frame_of(FrameKind::raft, encode_raft(messages))));
}

}  // namespace
}  // namespace quern::wire
