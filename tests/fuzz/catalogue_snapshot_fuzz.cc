// The decoder of catalogue snapshots against arbitrary bytes. The checksum is put right first, so
// that the decoder sees the bytes; what it accepts must hold together, encode to the same bytes,
// and go on.
#include "system/base/checksum.h"
#include "system/metadata/catalogue.h"

namespace {

using quern::Buffer;
using quern::ByteSpan;

std::vector<uint8_t> with_checksum(const uint8_t* data, size_t size) {
    std::vector<uint8_t> bytes(data, data + size);
    const uint32_t checksum = quern::crc32c({bytes.data(), bytes.size()});
    for (int i = 0; i < 4; ++i)
        bytes.push_back(static_cast<uint8_t>(checksum >> (8 * i)));
    return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::vector<uint8_t> bytes = with_checksum(data, size);
    auto restored = quern::metadata::Catalogue::restore(
        {Buffer::copy_of(ByteSpan(bytes.data(), bytes.size()))});
    if (!restored) return 0;
    restored->check_invariants();
    const std::vector<Buffer> chunks = restored->snapshot(bytes.size());
    QUERN_ASSERT(chunks.size() == 1 && chunks[0].size() == bytes.size());
    QUERN_ASSERT(std::equal(bytes.begin(), bytes.end(), chunks[0].data()));
    restored->begin_entry(restored->index().next(),
                          restored->next_deadline() < quern::ClusterTime::never()
                              ? restored->next_deadline()
                              : restored->time());
    restored->apply({{}, quern::UserId(1), quern::metadata::Tick{}});
    restored->check_invariants();
    return 0;
}
