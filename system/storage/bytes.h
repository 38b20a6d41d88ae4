// Little-endian integers to and from bytes, for the layouts in docs/formats.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <utility>

#include "system/base/buffer.h"

namespace quern::storage {

static_assert(std::endian::native == std::endian::little, "integers are stored as they lie in memory");

template <typename T>
void store_le(uint8_t* at, T value) {
    std::memcpy(at, &value, sizeof(T));
}

template <typename T>
T load_le(const uint8_t* at) {
    T value;
    std::memcpy(&value, at, sizeof(T));
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
    void u8(uint8_t v) { put(v); }
    void u32(uint32_t v) { put(v); }
    void u64(uint64_t v) { put(v); }
    void raw(ByteSpan bytes) {
        if (!bytes.empty()) std::memcpy(more(bytes.size()), bytes.data(), bytes.size());
    }
    void pad_to(size_t size) {
        QUERN_ASSERT(size >= size_);
        const size_t zeros = size - size_;
        if (zeros > 0) std::memset(more(zeros), 0, zeros);
    }
    void reserve(size_t size) {
        if (size <= block_.size()) return;
        MutableBuffer larger(size);
        if (size_ > 0) std::memcpy(larger.data(), block_.data(), size_);
        block_ = std::move(larger);
    }
    size_t size() const { return size_; }
    uint8_t* data() { return block_.data(); }
    ByteSpan span() { return {block_.data(), size_}; }
    // Nothing is left.
    Buffer take() {
        const size_t size = std::exchange(size_, 0);
        return size > 0 ? std::exchange(block_, {}).freeze(size) : Buffer();
    }

private:
    uint8_t* more(size_t bytes) {
        if (bytes > block_.size() - size_) reserve(std::max(size_ + bytes, 2 * block_.size()));
        size_ += bytes;
        return block_.data() + size_ - bytes;
    }
    template <typename T>
    void put(T v) {
        store_le(more(sizeof(T)), v);
    }
    MutableBuffer block_;
    size_t size_ = 0;
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
