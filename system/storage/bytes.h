// Little-endian integers to and from bytes, for the layouts in docs/formats.
#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

#include "system/base/buffer.h"

namespace quern::storage {

template <typename T>
void store_le(uint8_t* at, T value) {
    for (size_t i = 0; i < sizeof(T); ++i)
        at[i] = static_cast<uint8_t>(value >> (8 * i));
}

template <typename T>
T load_le(const uint8_t* at) {
    T value = 0;
    for (size_t i = 0; i < sizeof(T); ++i)
        value = static_cast<T>(value | (static_cast<T>(at[i]) << (8 * i)));
    return value;
}

constexpr uint64_t round_up(uint64_t value, uint64_t unit) {
    return (value + unit - 1) / unit * unit;
}

inline bool all_zero(ByteSpan bytes) {
    // The first is zero, and each equals the one before it.
    return bytes.empty() ||
           (bytes[0] == 0 && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0);
}

// Appends integers to a growing run of bytes.
class ByteWriter {
public:
    void u8(uint8_t v) { bytes_.push_back(v); }
    void u32(uint32_t v) { put(v); }
    void u64(uint64_t v) { put(v); }
    void raw(ByteSpan bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }
    void pad_to(size_t size) {
        QUERN_ASSERT(size >= bytes_.size());
        bytes_.resize(size);
    }
    void reserve(size_t size) { bytes_.reserve(size); }
    size_t size() const { return bytes_.size(); }
    uint8_t* data() { return bytes_.data(); }
    ByteSpan span() const { return bytes_; }
    Buffer take() {
        std::vector<uint8_t> whole = std::move(bytes_);
        bytes_.clear();
        const ByteSpan span(whole);
        return Buffer::adopt(std::move(whole), span);
    }

private:
    template <typename T>
    void put(T v) {
        uint8_t raw[sizeof(T)];
        store_le(raw, v);
        bytes_.insert(bytes_.end(), raw, raw + sizeof(T));
    }
    std::vector<uint8_t> bytes_;
};

// Reads integers; beyond the end everything is zero and ok() is false.
class ByteReader {
public:
    explicit ByteReader(ByteSpan bytes) : bytes_(bytes) {}
    uint8_t u8() { return get<uint8_t>(); }
    uint32_t u32() { return get<uint32_t>(); }
    uint64_t u64() { return get<uint64_t>(); }
    bool ok() const { return ok_; }
    size_t left() const { return bytes_.size() - at_; }

private:
    template <typename T>
    T get() {
        if (!ok_ || left() < sizeof(T)) {
            ok_ = false;
            return 0;
        }
        const T value = load_le<T>(bytes_.data() + at_);
        at_ += sizeof(T);
        return value;
    }
    ByteSpan bytes_;
    size_t at_ = 0;
    bool ok_ = true;
};

}  // namespace quern::storage
