// A history from anywhere is read or refused, never believed: what was read is judged without harm and
// comes back the same after it was written.
#include <cstdint>
#include <string>
#include <string_view>

#include "harness/history_json.h"
#include "system/base/assert.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace quern::harness;
    const auto file = parse_history(std::string_view(reinterpret_cast<const char*>(data), size));
    if (!file) return 0;
    Verdict verdict;
    check_history(file->history, file->options, verdict);
    const std::string written = to_json_lines(*file);
    const auto again = parse_history(written);
    QUERN_ASSERT(again.has_value());
    QUERN_ASSERT(to_json_lines(*again) == written);
    return 0;
}
