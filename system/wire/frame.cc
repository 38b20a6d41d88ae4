#include "system/wire/frame.h"

#include "system/base/checksum.h"
#include "system/wire/frame_layout.h"

namespace quern::wire {

namespace {

// Header (and the zeros behind the body) in one block; `body` between them is not copied.
BufferChain assemble(FrameKind kind, uint64_t request_id, size_t head_bytes, BufferChain body) {
    QUERN_ASSERT(body.size() <= UINT32_MAX - 8);
    QUERN_ASSERT(head_bytes <= body.size());
    const auto body_bytes = static_cast<uint32_t>(body.size());
    uint32_t body_checksum = 0;
    for (const Buffer& part : body.parts()) body_checksum = crc32c(part.span(), body_checksum);

    const size_t padding = padded_bytes(body_bytes) - body_bytes;
    MutableBuffer block(frame_header_bytes + padding);
    uint8_t* header = block.data();
    store<uint32_t>(header + frame_offset::magic, frame_magic);
    store<uint16_t>(header + frame_offset::kind, static_cast<uint16_t>(kind));
    store<uint16_t>(header + frame_offset::flags, 0);
    store<uint32_t>(header + frame_offset::body_bytes, body_bytes);
    store<uint32_t>(header + frame_offset::head_bytes, static_cast<uint32_t>(head_bytes));
    store<uint64_t>(header + frame_offset::request_id, request_id);
    store<uint32_t>(header + frame_offset::body_checksum, body_checksum);
    store<uint32_t>(header + frame_offset::header_checksum,
                    crc32c({header, frame_offset::header_checksum}));
    std::memset(header + frame_header_bytes, 0, padding);
    const Buffer ends = std::move(block).freeze();

    BufferChain frame(ends.slice(0, frame_header_bytes));
    frame.append(std::move(body));
    frame.append(ends.slice(frame_header_bytes));
    return frame;
}

}  // namespace

BufferChain encode_frame(FrameKind kind, uint64_t request_id, Buffer head,
                         BufferChain attachments) {
    const size_t head_bytes = head.size();
    BufferChain body(std::move(head));
    body.append(std::move(attachments));
    return assemble(kind, request_id, head_bytes, std::move(body));
}

BufferChain encode_frame_body(FrameKind kind, uint64_t request_id, uint32_t head_bytes,
                              Buffer body) {
    return assemble(kind, request_id, head_bytes, BufferChain(std::move(body)));
}

}  // namespace quern::wire
