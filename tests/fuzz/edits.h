// An input as a list of edits of a good file, since no fuzzer finds a checksum: place (2 bytes), a
// command of the target, length, bytes.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

namespace quern::fuzz {

// After each edit `mend(command, at, file)` may make checksums good again.
template <typename Mend>
void apply_edits(std::vector<uint8_t>& file, const uint8_t* data, size_t size, Mend mend) {
    while (size >= 4) {
        const size_t at = static_cast<size_t>(data[0] | data[1] << 8);
        const size_t length = std::min<size_t>(data[3], size - 4);
        if (at < file.size()) {
            std::memcpy(file.data() + at, data + 4, std::min(length, file.size() - at));
        }
        mend(data[2], at, file);
        data += 4 + length;
        size -= 4 + length;
    }
}

}  // namespace quern::fuzz
