// Bytes of format version 1, which stays readable for ever: a frame header and a command batch. A change
// here is a change of the format (docs/formats). Files are hexadecimal; '#' begins a remark.
#include <gtest/gtest.h>

#include <fstream>

#include "tests/paths.h"
#include "tests/unit/wire/samples.h"

namespace quern::wire {
namespace {

std::string golden(const std::string& name) {
    std::ifstream file(std::string(tests::source_folder()) + "/tests/golden/" + name);
    EXPECT_TRUE(file.is_open()) << name;
    std::string bytes;
    for (std::string line; std::getline(file, line);) {
        line = line.substr(0, line.find('#'));
        std::erase(line, ' ');
        for (size_t i = 0; i + 1 < line.size(); i += 2) {
            bytes.push_back(static_cast<char>(std::stoi(line.substr(i, 2), nullptr, 16)));
        }
    }
    return bytes;
}

std::string to_hex(std::string_view bytes) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string text;
    for (size_t i = 0; i < bytes.size(); ++i) {
        const auto byte = static_cast<uint8_t>(bytes[i]);
        text += {digits[byte >> 4], digits[byte & 15], i % 16 == 15 ? '\n' : ' '};
    }
    return text;
}

std::vector<queue::Command> commands() {
    const Token token{SessionId(0x1122334455667788), 7, 5, ClusterTime{1'700'000'030'000}};
    std::vector<queue::Command> all(8);
    for (queue::Command& command : all) {
        command = {QueueId(3), CatalogueVersion(4), UserId(2), token, queue::Tick{}};
    }
    all[0].operation = queue::Send{{{as_bytes("hello, attributes"), 5, -1}, {as_bytes("x"), 1, 250}}};
    all[1].operation = queue::Receive{10, 30'000, 4096};
    all[2].operation = queue::Delete{{{QueueId(3), MessageSeq(9), LeaseEpoch(1)}}};
    all[3].operation =
        queue::ChangeVisibility{{{{QueueId(3), MessageSeq(8), LeaseEpoch(2)}, 60'000}}};
    all[4].operation = queue::Purge{};
    all[5].operation = queue::EnsureQueue{QueueAttributes{}, CatalogueVersion(6)};
    all[6].operation = queue::DropQueue{};
    return all;
}

TEST(Golden, frame) {
    const BufferChain frame =
        encode_frame(FrameKind::request, 0x0102030405060708, Buffer::copy_of("headhead"),
                     BufferChain(Buffer::copy_of("attachment")));
    EXPECT_EQ(to_hex(samples::flat(frame)), to_hex(golden("frame_v1.hex")));
    EXPECT_EQ(frame.parts().front().size(), 32u);
}

TEST(Golden, command_batch) {
    const Buffer payload = encode_commands(ClusterTime{1'700'000'000'000}, commands());
    EXPECT_EQ(to_hex(payload.text()), to_hex(golden("command_batch_v1.hex")));
}

TEST(Golden, command_batch_is_read) {
    const Buffer payload = Buffer::copy_of(golden("command_batch_v1.hex"));  // the batch refers to it
    CommandBatch batch;
    const Result<void> read = decode_commands(payload, batch);
    ASSERT_TRUE(read) << read.error().to_string();
    EXPECT_EQ(batch.time.ms, 1'700'000'000'000);
    ASSERT_EQ(batch.commands.size(), 8u);
    const auto& send = std::get<queue::Send>(batch.commands[0].operation);
    EXPECT_EQ(as_text(send.entries.at(0).content), "hello, attributes");
    EXPECT_EQ(send.entries.at(1).delay_ms, 250);
    EXPECT_EQ(std::get<queue::EnsureQueue>(batch.commands[5].operation).as_of, CatalogueVersion(6));
    EXPECT_EQ(std::get<queue::EnsureQueue>(batch.commands[5].operation).attributes,
              QueueAttributes{});
}

}  // namespace
}  // namespace quern::wire
