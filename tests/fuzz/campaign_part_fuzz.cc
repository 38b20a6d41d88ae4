// Results of a campaign from anywhere are read or refused; what was read can be merged without harm and
// comes back the same after it was written.
#include <cstdint>
#include <string>

#include "harness/campaign_file.h"
#include "system/base/assert.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace quern::harness;
    auto part = read_part(std::string(reinterpret_cast<const char*>(data), size));
    if (!part) return 0;
    std::string written = head_line(part->head) + "\n";
    for (const SeedReport& report : part->reports) written += to_line(report) + "\n";
    if (part->ended) written += end_line(part->canary, part->wall_ns) + "\n";
    const auto again = read_part(written);
    QUERN_ASSERT(again.has_value() && again->reports.size() == part->reports.size());
    (void)merge_parts({std::move(*part)}).result.to_json();
    return 0;
}
