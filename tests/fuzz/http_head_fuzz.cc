// The admin endpoint reads what anybody sends. A head is bounded, and more bytes never turn a
// verdict round.
#include <algorithm>
#include <cstdlib>

#include "system/node/http_head.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace quern::node;
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const HttpParse whole = parse_http_head(bytes);
    if (!whole.complete && size >= http_head_bytes_max) std::abort();
    if (whole.complete && !whole.fault) {
        if (whole.head.method.empty() || !whole.head.path.starts_with('/')) std::abort();
        if (!std::all_of(whole.head.path.begin(), whole.head.path.end(),
                         [](char c) { return c > ' ' && c < 0x7f; })) {
            std::abort();
        }
    }
    const HttpParse half = parse_http_head(bytes.substr(0, size / 2));
    if (half.complete && (!whole.complete || half.fault != whole.fault ||
                          half.head.path != whole.head.path)) {
        std::abort();
    }
    return 0;
}
