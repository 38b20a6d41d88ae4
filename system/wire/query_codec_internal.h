// Private to wire's .cc files: the two halves of the query codec.
#pragma once

#include "proto/query_generated.h"
#include "system/wire/metadata_codec_internal.h"
#include "system/wire/peer_messages.h"

namespace quern::wire {

struct EncodedAnswer {
    fb::Answer kind = fb::Answer::NONE;
    Offset<void> table;
};
// answer_codec.cc
EncodedAnswer make_answer(FlatBufferBuilder& builder, const decltype(QueryReply::answer)& answer);
// Marks the reader for an answer unknown to this version.
decltype(QueryReply::answer) read_answer(Reader& reader, const fb::QueryReply& reply);
// watch_codec.cc
Offset<fb::WatchAnswer> make_watch(FlatBufferBuilder& builder, const WatchAnswer& answer);
WatchAnswer read_watch(Reader& reader, const fb::WatchAnswer& table);

}  // namespace quern::wire
