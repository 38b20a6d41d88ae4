// A latency histogram with relative error below 1.6 %: buckets are exact up to 64 and then split each
// power of two in 64 (the idea of HdrHistogram). Fixed size, no allocation after construction.
#pragma once

#include <array>
#include <cstdint>

namespace quern {

class Histogram {
public:
    void record(uint64_t value);
    void merge(const Histogram& other);
    uint64_t count() const { return count_; }
    uint64_t max() const { return max_; }
    uint64_t sum() const { return sum_; }
    // The smallest value that at least `per_million` of the recorded values do not exceed (within the
    // error above); 0 when empty. p50 = 500'000, p999 = 999'000.
    uint64_t quantile(uint32_t per_million) const;

private:
    static constexpr unsigned split_bits = 6;
    static constexpr unsigned bucket_count = (64 - split_bits + 1) << split_bits;
    static unsigned bucket_of(uint64_t value);
    static uint64_t upper_bound_of(unsigned bucket);

    std::array<uint64_t, bucket_count> buckets_{};
    uint64_t count_ = 0;
    uint64_t sum_ = 0;
    uint64_t max_ = 0;
};

}  // namespace quern
