// What nodes say to each other. Peers are authenticated, but may be broken or of another version.
#include <cstdlib>

#include "system/wire/peer_messages.h"
#include "system/wire/relay_messages.h"

namespace {

using namespace quern;
using namespace quern::wire;

Frame frame_of(FrameKind kind, uint32_t head_bytes, Buffer body) {
    Frame frame;
    frame.kind = kind;
    frame.head_bytes = head_bytes;
    frame.body = std::move(body);
    return frame;
}

Frame again(const Frame& frame, const Encoded& encoded) {
    BufferChain chain(encoded.head);
    chain.append(encoded.attachments);
    return frame_of(frame.kind, static_cast<uint32_t>(encoded.head.size()), chain.flatten());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size < 2) return 0;
    const Buffer body = Buffer::copy_of(ByteSpan(data + 2, size - 2));
    const auto head_bytes = static_cast<uint32_t>(
        std::min<size_t>((size_t{data[0]} << 8 | data[1]) * 8, body.size()));

    const Frame raft = frame_of(FrameKind::raft, head_bytes, body);
    if (const auto messages = decode_raft(raft)) {
        const auto second = decode_raft(again(raft, encode_raft(*messages)));
        if (!second || second->size() != messages->size()) std::abort();
    }
    const Frame query = frame_of(FrameKind::query, head_bytes, body);
    if (const auto asked = decode_query(query)) {
        if (!decode_query(again(query, encode(*asked)))) std::abort();
    }
    const Frame reply = frame_of(FrameKind::query_reply, head_bytes, body);
    if (const auto answered = decode_query_reply(reply)) {
        if (!decode_query_reply(again(reply, encode(*answered)))) std::abort();
    }
    const Frame forward = frame_of(FrameKind::forward, head_bytes, body);
    if (const auto forwarded = decode_forward(forward)) {
        if (!decode_forward(again(forward, encode(*forwarded)))) std::abort();
    }
    (void)decode_relay(frame_of(FrameKind::relay, head_bytes, body));
    (void)decode_relay_failed(frame_of(FrameKind::relay_failed, head_bytes, body));
    (void)decode_ping(frame_of(FrameKind::ping, head_bytes, body));
    (void)decode_pong(frame_of(FrameKind::pong, head_bytes, body));
    (void)decode_snapshot_offer(frame_of(FrameKind::snapshot_offer, head_bytes, body));
    (void)decode_snapshot_chunk(frame_of(FrameKind::snapshot_chunk, head_bytes, body));
    (void)decode_snapshot_reply(frame_of(FrameKind::snapshot_reply, head_bytes, body));
    return 0;
}
