#include "system/metadata/byte_codec.h"

namespace quern::metadata {

ByteWriter::ByteWriter(size_t chunk_bytes) : chunk_bytes_(chunk_bytes) {
    QUERN_ASSERT(chunk_bytes > 0);
}

void ByteWriter::number(uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i)
        pending_.push_back(static_cast<uint8_t>(value >> (8 * i)));
}

void ByteWriter::text(std::string_view value) {
    QUERN_ASSERT(value.size() <= UINT16_MAX);
    u16(static_cast<uint16_t>(value.size()));
    const ByteSpan bytes = as_bytes(value);
    pending_.insert(pending_.end(), bytes.begin(), bytes.end());
}

void ByteWriter::cut() {
    if (pending_.size() >= chunk_bytes_) emit(chunk_bytes_);
}

void ByteWriter::emit(size_t keep_below_bytes) {
    size_t done = 0;
    while (done < pending_.size() && pending_.size() - done >= keep_below_bytes) {
        const size_t size = std::min(chunk_bytes_, pending_.size() - done);
        const ByteSpan part(pending_.data() + done, size);
        checksum_ = crc32c(part, checksum_);
        chunks_.push_back(Buffer::copy_of(part));
        done += size;
    }
    pending_.erase(pending_.begin(), pending_.begin() + static_cast<ptrdiff_t>(done));
}

std::vector<Buffer> ByteWriter::finish() && {
    const uint32_t checksum = crc32c({pending_.data(), pending_.size()}, checksum_);
    u32(checksum);
    emit(1);
    return std::move(chunks_);
}

uint64_t ByteReader::number(size_t bytes) {
    if (!ok_ || left_.size() < bytes) {
        ok_ = false;
        return 0;
    }
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; ++i)
        value |= static_cast<uint64_t>(left_[i]) << (8 * i);
    left_ = left_.subspan(bytes);
    return value;
}

uint8_t ByteReader::below(uint8_t bound) {
    const uint8_t value = u8();
    if (value < bound) return value;
    ok_ = false;
    return 0;
}

std::string ByteReader::text(size_t bytes_max) {
    const size_t size = u16();
    if (!ok_ || size > bytes_max || size > left_.size()) {
        ok_ = false;
        return {};
    }
    std::string value(as_text(left_.first(size)));
    left_ = left_.subspan(size);
    return value;
}

uint64_t ByteReader::count(uint64_t count_max) {
    const uint64_t value = u64();
    if (ok_ && value <= count_max && value <= left_.size()) return value;
    ok_ = false;
    return 0;
}

}  // namespace quern::metadata
