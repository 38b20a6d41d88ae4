#include "system/base/log.h"

#include <fmt/format.h>

namespace quern {

std::string printable(std::string_view text, size_t bytes_max) {
    std::string out;
    for (size_t i = 0; i < text.size() && i < bytes_max; ++i) {
        const auto c = static_cast<unsigned char>(text[i]);
        if (c >= 0x20 && c < 0x7f && c != '\\') {
            out.push_back(static_cast<char>(c));
        } else {
            out += fmt::format("\\x{:02x}", c);
        }
    }
    if (text.size() > bytes_max) out += "...";
    return out;
}

}  // namespace quern
