#include "system/wire/frame.h"

#include <algorithm>

#include "system/base/checksum.h"
#include "system/wire/frame_layout.h"

namespace quern::wire {

namespace {

// A head of so many bytes is copied to its header: one part costs less on its way than two.
constexpr size_t copied_bytes_max = 1024;

struct Header {
    FrameKind kind;
    uint64_t request_id;
    size_t head_bytes;
    uint32_t body_bytes;
    uint32_t body_checksum;
};

void write_header(const Header& from, uint8_t* header) {
    QUERN_ASSERT(from.head_bytes <= from.body_bytes);
    store<uint32_t>(header + frame_offset::magic, frame_magic);
    store<uint16_t>(header + frame_offset::kind, static_cast<uint16_t>(from.kind));
    store<uint16_t>(header + frame_offset::flags, 0);
    store<uint32_t>(header + frame_offset::body_bytes, from.body_bytes);
    store<uint32_t>(header + frame_offset::head_bytes, static_cast<uint32_t>(from.head_bytes));
    store<uint64_t>(header + frame_offset::request_id, from.request_id);
    store<uint32_t>(header + frame_offset::body_checksum, from.body_checksum);
    store<uint32_t>(header + frame_offset::header_checksum,
                    crc32c({header, frame_offset::header_checksum}));
}

BufferChain one_part(FrameKind kind, uint64_t request_id, const Buffer& head) {
    const size_t padded = padded_bytes(head.size());
    MutableBuffer block(frame_header_bytes + padded);
    uint8_t* body = block.data() + frame_header_bytes;
    std::copy(head.data(), head.data() + head.size(), body);
    std::memset(body + head.size(), 0, padded - head.size());
    write_header({kind, request_id, head.size(), static_cast<uint32_t>(head.size()), crc32c(head.span())},
                 block.data());
    return std::move(block).freeze();
}

// Header (and the zeros behind the body) in one block; `body` between them is not copied.
BufferChain assemble(FrameKind kind, uint64_t request_id, size_t head_bytes, BufferChain body) {
    QUERN_ASSERT(body.size() <= UINT32_MAX - 8);
    const auto body_bytes = static_cast<uint32_t>(body.size());
    uint32_t body_checksum = 0;
    for (const Buffer& part : body.parts()) body_checksum = crc32c(part.span(), body_checksum);
    const size_t padding = padded_bytes(body_bytes) - body_bytes;
    MutableBuffer block(frame_header_bytes + padding);
    write_header({kind, request_id, head_bytes, body_bytes, body_checksum}, block.data());
    std::memset(block.data() + frame_header_bytes, 0, padding);
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
    if (attachments.empty() && head_bytes <= copied_bytes_max) return one_part(kind, request_id, head);
    BufferChain body(std::move(head));
    body.append(std::move(attachments));
    return assemble(kind, request_id, head_bytes, std::move(body));
}

BufferChain encode_frame_body(FrameKind kind, uint64_t request_id, uint32_t head_bytes,
                              Buffer body) {
    return assemble(kind, request_id, head_bytes, BufferChain(std::move(body)));
}

}  // namespace quern::wire
