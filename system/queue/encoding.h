// Little-endian integers and varints in byte strings, for replicated bytes (snapshots, stored replies).
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>

#include "system/base/buffer.h"

namespace quern::queue {

static_assert(std::endian::native == std::endian::little, "integers are stored as they lie in memory");

class ByteWriter {
public:
    explicit ByteWriter(std::string& out) : out_(out) {}
    void u8(uint8_t v) { out_.push_back(static_cast<char>(v)); }
    void u32(uint32_t v) { fixed(v); }
    void u64(uint64_t v) { fixed(v); }
    void i64(int64_t v) { u64(static_cast<uint64_t>(v)); }
    // 7 bits a byte, low ones first, the top bit set on all but the last.
    void varint(uint64_t v) {
        for (; v >= 0x80; v >>= 7) u8(static_cast<uint8_t>(v | 0x80));
        u8(static_cast<uint8_t>(v));
    }
    void text(std::string_view v) {
        varint(v.size());
        out_.append(v);
    }

private:
    template <typename T>
    void fixed(T v) {
        char raw[sizeof(T)];
        std::memcpy(raw, &v, sizeof(T));
        out_.append(raw, sizeof(T));
    }
    std::string& out_;
};

// Reads what ByteWriter wrote. Past the end, and after a malformed varint, ok() is false for good and
// everything reads as 0.
class ByteReader {
public:
    explicit ByteReader(ByteSpan bytes) : bytes_(bytes) {}
    bool ok() const { return ok_; }
    bool at_end() const { return ok_ && at_ == bytes_.size(); }
    size_t left() const { return bytes_.size() - at_; }
    uint8_t u8() { return fixed<uint8_t>(); }
    uint32_t u32() { return fixed<uint32_t>(); }
    uint64_t u64() { return fixed<uint64_t>(); }
    int64_t i64() { return static_cast<int64_t>(u64()); }
    uint64_t varint() {
        uint64_t v = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            const uint8_t byte = u8();
            if (!ok_ || (shift == 63 && byte > 1) || (byte == 0 && shift > 0)) break;
            v |= static_cast<uint64_t>(byte & 0x7f) << shift;
            if ((byte & 0x80) == 0) return v;
        }
        ok_ = false;
        return 0;
    }
    std::string_view text() {
        const uint64_t size = varint();
        if (!ok_ || size > left()) {
            ok_ = false;
            return {};
        }
        at_ += size;
        return as_text(bytes_.subspan(at_ - size, size));
    }

private:
    template <typename T>
    T fixed() {
        if (!ok_ || left() < sizeof(T)) {
            ok_ = false;
            return 0;
        }
        T v;
        std::memcpy(&v, bytes_.data() + at_, sizeof(T));
        at_ += sizeof(T);
        return v;
    }
    ByteSpan bytes_;
    size_t at_ = 0;
    bool ok_ = true;
};

}  // namespace quern::queue
