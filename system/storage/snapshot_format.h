// Byte layout of snapshot files. Layout: docs/formats/snapshot.md.
#pragma once

#include <optional>

#include "system/base/buffer.h"
#include "system/base/ids.h"

namespace quern::storage {

constexpr size_t snapshot_header_bytes = 64;
constexpr size_t snapshot_frame_bytes = 32;

struct SnapshotHeader {
    Uuid node_uuid;
    GroupId group;
    LogIndex index;
    bool operator==(const SnapshotHeader&) const = default;
};
Buffer encode_snapshot_header(const SnapshotHeader& header);
bool snapshot_header_matches(ByteSpan bytes, const SnapshotHeader& wanted);

// Stands before each chunk; the trailer is a frame with `last` set and no bytes.
struct SnapshotFrame {
    uint32_t size_bytes = 0;
    uint32_t ordinal = 0;
    uint32_t chunk_crc = 0;
    uint64_t chain = 0;  // hash over all chunk_crcs so far: chunks cannot be dropped or exchanged
    bool last = false;
};
Buffer encode_snapshot_frame(const SnapshotFrame& frame);
std::optional<SnapshotFrame> decode_snapshot_frame(ByteSpan bytes);

}  // namespace quern::storage
