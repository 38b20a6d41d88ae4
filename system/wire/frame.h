// Frames: how bytes on a stream are cut into messages. Layout (little endian, docs/formats/frame.md):
//
//   offset  bytes  field
//        0      4  magic "QRN1"
//        4      2  kind (FrameKind)
//        6      2  flags, 0
//        8      4  body_bytes
//       12      4  head_bytes: the FlatBuffer at the start of the body; the rest are attachments
//       16      8  request_id: chosen by the asker, echoed in the answer; 0 for one-way frames
//       24      4  crc32c of the body
//       28      4  crc32c of bytes 0..27
//       32      .  body, then 0..7 zero bytes so that the next frame starts at a multiple of 8
//
// The header is checked before anything is allocated; the body before anything is decoded. Any damage
// ends the connection: bytes after it cannot be trusted.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "system/base/buffer.h"
#include "system/base/result.h"

namespace quern::wire {

constexpr size_t frame_header_bytes = 32;

enum class FrameKind : uint16_t {
    // Both ports: the handshake (handshake.h).
    hello = 1,
    hello_reply = 2,
    authenticate = 3,
    authenticate_reply = 4,
    goodbye = 5,  // the sender closes: head is an Error; in-flight requests have unknown outcome
    // Client port (client_messages.h).
    request = 16,
    response = 17,
    // Peer port (peer_messages.h).
    raft = 32,      // one or more raft messages; attachments are entry payloads
    ping = 33,
    pong = 34,
    forward = 35,   // a client request passed on by a balancer; attachments: the request's body
    forward_reply = 36,
    query = 37,     // a balancer asks the metadata group
    query_reply = 38,
    snapshot_offer = 39,
    snapshot_chunk = 40,
    snapshot_reply = 41,
    cancel = 42,  // one-way, names the asker's request: its answer is no longer wanted. No body.
    repair = 43,  // repair_messages.h
    repair_reply = 44,
    relay = 45,  // relay_messages.h; the answer is that of the node it was for
    relay_failed = 46,
};

struct Frame {
    FrameKind kind{};
    uint64_t request_id = 0;
    uint32_t head_bytes = 0;
    Buffer body;  // head followed by attachments; data() is aligned to 8

    ByteSpan head() const { return body.span().first(head_bytes); }
    Buffer attachments() const { return body.slice(head_bytes); }
};

// The frame as it goes out; attachments are not copied. `head` is padded by its encoder to a multiple
// of 8 so that attachments stay aligned.
BufferChain encode_frame(FrameKind kind, uint64_t request_id, Buffer head, BufferChain attachments = {});
// As above for a body received as one piece and passed on unchanged.
BufferChain encode_frame_body(FrameKind kind, uint64_t request_id, uint32_t head_bytes, Buffer body);

// Incremental decoder: bytes in, frames out. Frames that arrived together share one buffer; a frame
// longer than a read chunk gets a buffer of its own, allocated only after its header was checked against
// the limit. Holds at most one frame of the largest size, or a chunk.
class FrameDecoder {
public:
    // Bytes asked for at a time, where frames are not longer.
    static constexpr size_t chunk_bytes = 64 * 1024;

    explicit FrameDecoder(size_t body_bytes_max) : body_bytes_max_(body_bytes_max) {}
    // A frame under way is judged by it as well.
    void set_body_bytes_max(size_t bytes) { body_bytes_max_ = bytes; }

    // Where the next read should put bytes: at least 1, at most what completes the frame under way or
    // a read chunk. Valid until consumed() or destruction.
    std::span<uint8_t> space();
    // `size` bytes were read into space(). Appends complete frames to `frames`, also those before
    // damage. Errors (all final): protocol_error (magic, kind, header or body checksum; the detail tells
    // an HTTP or TLS client what this port is), frame_too_large.
    Result<void> consumed(size_t size, std::vector<Frame>& frames);
    // After damage: what a peer of another protocol understands, to be written before the connection
    // ends. An HTTP response if its first bytes were those of HTTP, else empty.
    Buffer farewell() const;
    // Bytes of an incomplete frame are held.
    bool mid_frame() const { return filled_ > 0; }
    size_t held_bytes() const { return filled_; }

private:
    // Of the frames at the start of chunk_: bytes of all complete ones; checks them and every header.
    struct Scan {
        size_t complete_bytes = 0;
        size_t next_bytes = 0;  // of the incomplete frame behind them; 0: its header is incomplete
        Result<void> damage;
    };
    Scan scan() const;
    Result<size_t> check_header(const uint8_t* bytes, size_t available) const;
    void cut_frames(size_t complete_bytes, size_t next_bytes, std::vector<Frame>& frames);
    void make_room(size_t next_bytes);

    size_t body_bytes_max_;
    MutableBuffer chunk_;  // starts with a frame's header, once filled_ > 0
    size_t filled_ = 0;
    bool framed_ = false;  // a frame came
    bool http_peer_ = false;
};

}  // namespace quern::wire
