// A FlatBuffer may point at the same bytes many times over: small on the wire, huge when copied out
// (faults.md S134). The Verifier allows it; our reader does not.
#include <gtest/gtest.h>

#include <flatbuffers/flatbuffers.h>

#include "system/wire/client_messages.h"

namespace quern::wire {
namespace {

// A ListQueuesResponse of `count` names, all the same string of `bytes`; written by hand so that the
// string is shared. Slots are those of proto/client_response.fbs.
Buffer shared_names(size_t count, size_t bytes) {
    flatbuffers::FlatBufferBuilder builder;
    const auto name = builder.CreateString(std::string(bytes, 'x'));
    const std::vector<flatbuffers::Offset<flatbuffers::String>> names(count, name);
    const auto vector = builder.CreateVector(names);
    const auto list = builder.StartTable();
    builder.AddOffset(4, vector);  // names
    const flatbuffers::Offset<void> body(builder.EndTable(list));
    const auto response = builder.StartTable();
    builder.AddElement<uint8_t>(16, 10, 0);  // body_type: ListQueuesResponse
    builder.AddOffset(18, body);
    const flatbuffers::Offset<void> root(builder.EndTable(response));
    builder.Finish(root, "QRSP");
    return Buffer::copy_of(ByteSpan(builder.GetBufferPointer(), builder.GetSize()));
}

TEST(Overlap, a_string_used_once_is_read) {
    const Buffer body = shared_names(1, 1000);
    const auto response = decode_response(body, static_cast<uint32_t>(body.size()));
    ASSERT_TRUE(response) << response.error().to_string();
    EXPECT_EQ(std::get<ListQueuesResponse>(response->body).names.at(0).size(), 1000u);
}

TEST(Overlap, a_string_used_many_times_is_refused) {
    const Buffer body = shared_names(1000, 1000);
    EXPECT_LT(body.size(), 10'000u);
    const auto response = decode_response(body, static_cast<uint32_t>(body.size()));
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().code, ErrorCode::protocol_error);
    EXPECT_NE(response.error().detail.find("overlap"), std::string::npos);
}

}  // namespace
}  // namespace quern::wire
