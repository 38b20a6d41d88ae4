#include "system/storage/superblock.h"

#include <array>
#include <optional>

#include "system/base/checksum.h"
#include "system/storage/bytes.h"

namespace quern::storage {

namespace {

constexpr uint64_t superblock_magic = 0x4b4c42534e524551ULL;  // "QERNSBLK"
constexpr size_t checked_bytes = 80;  // the used part of a copy; zeros follow

bool agree(const PickedSuperblock& a, const PickedSuperblock& b) {
    return a.sequence == b.sequence && a.wal_began == b.wal_began &&
           a.superblock.format_version == b.superblock.format_version &&
           a.superblock.cluster == b.superblock.cluster &&
           a.superblock.node_uuid == b.superblock.node_uuid &&
           a.superblock.node == b.superblock.node;
}

void encode_copy(const PickedSuperblock& picked, uint32_t ordinal, uint8_t* at) {
    const Superblock& s = picked.superblock;
    store_le<uint64_t>(at, superblock_magic);
    store_le<uint32_t>(at + 12, s.format_version);
    store_le<uint64_t>(at + 16, picked.sequence);
    store_le<uint32_t>(at + 24, ordinal);
    store_le<uint32_t>(at + 28, s.node.value);
    store_le<uint64_t>(at + 32, s.cluster.high);
    store_le<uint64_t>(at + 40, s.cluster.low);
    store_le<uint64_t>(at + 48, s.node_uuid.high);
    store_le<uint64_t>(at + 56, s.node_uuid.low);
    store_le<uint32_t>(at + 64, picked.wal_began ? 1 : 0);
    store_le<uint32_t>(at + 8, crc32c({at + 12, checked_bytes - 12}));
}

std::optional<PickedSuperblock> decode_copy(ByteSpan bytes, uint32_t ordinal) {
    const uint8_t* at = bytes.data();
    if (bytes.size() < checked_bytes || load_le<uint64_t>(at) != superblock_magic) return {};
    if (load_le<uint32_t>(at + 8) != crc32c({at + 12, checked_bytes - 12})) return {};
    if (load_le<uint32_t>(at + 24) != ordinal) return {};  // misdirected
    PickedSuperblock copy;
    copy.superblock.format_version = load_le<uint32_t>(at + 12);
    copy.sequence = load_le<uint64_t>(at + 16);
    copy.superblock.node = NodeId(load_le<uint32_t>(at + 28));
    copy.superblock.cluster = {load_le<uint64_t>(at + 32), load_le<uint64_t>(at + 40)};
    copy.superblock.node_uuid = {load_le<uint64_t>(at + 48), load_le<uint64_t>(at + 56)};
    copy.wal_began = load_le<uint32_t>(at + 64) != 0;
    return copy;
}

}  // namespace

Buffer encode_superblock(const PickedSuperblock& picked) {
    MutableBuffer file(superblock_file_bytes);
    std::memset(file.data(), 0, file.size());
    for (uint32_t i = 0; i < superblock_copies; ++i) {
        encode_copy(picked, i, file.data() + i * superblock_stride_bytes);
    }
    return std::move(file).freeze();
}

Result<PickedSuperblock> pick_superblock(ByteSpan file) {
    std::array<std::optional<PickedSuperblock>, superblock_copies> copies;
    for (uint32_t i = 0; i < superblock_copies; ++i) {
        const size_t at = i * superblock_stride_bytes;
        if (at < file.size()) copies[i] = decode_copy(file.subspan(at), i);
    }
    const PickedSuperblock* best = nullptr;
    size_t best_votes = 0;
    for (const auto& candidate : copies) {
        if (!candidate) continue;
        size_t votes = 0;
        for (const auto& other : copies)
            votes += other && agree(*other, *candidate) ? 1 : 0;
        if (votes < superblock_quorum) continue;
        if (best == nullptr || candidate->sequence > best->sequence) {
            best = &*candidate;
            best_votes = votes;
        }
    }
    if (best == nullptr) {
        return fail(ErrorCode::corrupt, "no two copies of the superblock are good and agree");
    }
    if (best->superblock.format_version != format_version_current) {
        return fail(Error(ErrorCode::data_version_unknown,
                          "the data directory has another format version", format_version_current,
                          best->superblock.format_version));
    }
    PickedSuperblock picked = *best;
    picked.degraded = best_votes < superblock_copies;
    return picked;
}

}  // namespace quern::storage
