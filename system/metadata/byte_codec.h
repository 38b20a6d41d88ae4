// Little-endian bytes for the catalogue's snapshots (docs/formats/catalogue.md). The writer cuts
// its output into chunks as it goes; the reader never reads beyond its input: after a failure every
// read yields zeros and ok() stays false.
#pragma once

#include <string>
#include <vector>

#include "system/base/buffer.h"
#include "system/base/checksum.h"

namespace quern::metadata {

class ByteWriter {
public:
    explicit ByteWriter(size_t chunk_bytes);

    void u8(uint8_t value) { number(value, 1); }
    void u16(uint16_t value) { number(value, 2); }
    void u32(uint32_t value) { number(value, 4); }
    void u64(uint64_t value) { number(value, 8); }
    void i64(int64_t value) { number(static_cast<uint64_t>(value), 8); }
    // A u16 length and the bytes; at most 65,535.
    void text(std::string_view value);
    // Hands full chunks on; called after each record.
    void cut();
    // Appends the CRC-32C of everything written and returns all chunks; only the last is shorter.
    std::vector<Buffer> finish() &&;

private:
    void number(uint64_t value, int bytes);
    void emit(size_t keep_below_bytes);

    size_t chunk_bytes_;
    uint32_t checksum_ = 0;
    std::vector<uint8_t> pending_;
    std::vector<Buffer> chunks_;
};

class ByteReader {
public:
    explicit ByteReader(ByteSpan bytes) : left_(bytes) {}

    uint8_t u8() { return static_cast<uint8_t>(number(1)); }
    uint16_t u16() { return static_cast<uint16_t>(number(2)); }
    uint32_t u32() { return static_cast<uint32_t>(number(4)); }
    uint64_t u64() { return number(8); }
    int64_t i64() { return static_cast<int64_t>(number(8)); }
    // An enumeration or flag that must be below `bound`.
    uint8_t below(uint8_t bound);
    std::string text(size_t bytes_max);
    // A count of items of at least one byte each, which must still fit into the input.
    uint64_t count(uint64_t count_max);

    bool ok() const { return ok_; }
    bool at_end() const { return ok_ && left_.empty(); }
    void reject() { ok_ = false; }

private:
    uint64_t number(size_t bytes);

    ByteSpan left_;
    bool ok_ = true;
};

}  // namespace quern::metadata
