#include "system/storage/snapshot_format.h"

#include "system/base/checksum.h"
#include "system/storage/bytes.h"

namespace quern::storage {

namespace {
constexpr uint32_t header_magic = 0x31535751;  // "QWS1"
constexpr uint32_t frame_magic = 0x31435751;   // "QWC1"
}  // namespace

Buffer encode_snapshot_header(const SnapshotHeader& header) {
    ByteWriter out;
    out.u32(header_magic);
    out.u32(0);
    out.u64(header.node_uuid.high);
    out.u64(header.node_uuid.low);
    out.u64(header.group.value);
    out.u64(header.index.value);
    out.pad_to(snapshot_header_bytes);
    store_le(out.data() + 4, crc32c(out.span().subspan(8)));
    return out.take();
}

bool snapshot_header_matches(ByteSpan bytes, const SnapshotHeader& wanted) {
    const Buffer right = encode_snapshot_header(wanted);
    return bytes.size() >= right.size() &&
           std::memcmp(bytes.data(), right.data(), right.size()) == 0;
}

Buffer encode_snapshot_frame(const SnapshotFrame& frame) {
    ByteWriter out;
    out.u32(frame_magic);
    out.u32(0);
    out.u32(frame.size_bytes);
    out.u32(frame.ordinal);
    out.u32(frame.chunk_crc);
    out.u32(frame.last ? 1 : 0);
    out.u64(frame.chain);
    QUERN_ASSERT(out.size() == snapshot_frame_bytes);
    store_le(out.data() + 4, crc32c(out.span().subspan(8)));
    return out.take();
}

std::optional<SnapshotFrame> decode_snapshot_frame(ByteSpan bytes) {
    if (bytes.size() < snapshot_frame_bytes) return {};
    ByteReader in(bytes.first(snapshot_frame_bytes));
    if (in.u32() != frame_magic) return {};
    if (in.u32() != crc32c(bytes.subspan(8, snapshot_frame_bytes - 8))) return {};
    SnapshotFrame frame;
    frame.size_bytes = in.u32();
    frame.ordinal = in.u32();
    frame.chunk_crc = in.u32();
    frame.last = in.u32() == 1;
    frame.chain = in.u64();
    return frame;
}

}  // namespace quern::storage
