// Counters and gauges of one node. Registered once by name, then updated through a plain reference;
// rendered as Prometheus text by name order.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace quern {

struct Counter {
    uint64_t value = 0;
    void add(uint64_t n = 1) { value += n; }
};

struct Gauge {
    int64_t value = 0;
    void set(int64_t v) { value = v; }
};

class Metrics {
public:
    // The counter of that name, made at first use; the reference stays valid as long as this object.
    Counter& counter(const std::string& name) { return counters_[name]; }
    Gauge& gauge(const std::string& name) { return gauges_[name]; }
    std::string to_prometheus() const;

private:
    std::map<std::string, Counter> counters_;
    std::map<std::string, Gauge> gauges_;
};

}  // namespace quern
