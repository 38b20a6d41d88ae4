#include "system/base/metrics.h"

#include <fmt/format.h>

namespace quern {

std::string Metrics::to_prometheus() const {
    std::string out;
    for (const auto& [name, counter] : counters_) {
        out += fmt::format("# TYPE quern_{0} counter\nquern_{0} {1}\n", name, counter.value);
    }
    for (const auto& [name, gauge] : gauges_) {
        out += fmt::format("# TYPE quern_{0} gauge\nquern_{0} {1}\n", name, gauge.value);
    }
    return out;
}

}  // namespace quern
