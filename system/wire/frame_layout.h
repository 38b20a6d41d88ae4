// Private to wire: the frame header's byte layout (frame.h, docs/formats/frame.md). To change it, take
// another magic and keep reading the old one.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace quern::wire {

static_assert(std::endian::native == std::endian::little, "layouts are written as they lie in memory");

constexpr uint32_t frame_magic = 0x314e5251;  // "QRN1"

namespace frame_offset {
constexpr size_t magic = 0;
constexpr size_t kind = 4;
constexpr size_t flags = 6;
constexpr size_t body_bytes = 8;
constexpr size_t head_bytes = 12;
constexpr size_t request_id = 16;
constexpr size_t body_checksum = 24;
constexpr size_t header_checksum = 28;
}  // namespace frame_offset

template <typename T>
T load(const uint8_t* from) {
    T value;
    std::memcpy(&value, from, sizeof(T));
    return value;
}
template <typename T>
void store(uint8_t* to, T value) {
    std::memcpy(to, &value, sizeof(T));
}

// `bytes` rounded up to a multiple of 8.
constexpr size_t padded_bytes(size_t bytes) { return (bytes + 7) & ~size_t{7}; }

}  // namespace quern::wire
