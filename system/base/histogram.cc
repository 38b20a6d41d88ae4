#include "system/base/histogram.h"

#include <algorithm>
#include <bit>

namespace quern {

unsigned Histogram::bucket_of(uint64_t value) {
    constexpr uint64_t first = uint64_t{1} << split_bits;
    if (value < first) return static_cast<unsigned>(value);
    const unsigned magnitude = static_cast<unsigned>(std::bit_width(value)) - 1 - split_bits;
    const unsigned within = static_cast<unsigned>((value >> magnitude) - first);
    return ((magnitude + 1) << split_bits) + within;
}

uint64_t Histogram::upper_bound_of(unsigned bucket) {
    constexpr uint64_t first = uint64_t{1} << split_bits;
    if (bucket < first) return bucket;
    const unsigned magnitude = (bucket >> split_bits) - 1;
    const uint64_t low = (first + (bucket & (first - 1))) << magnitude;
    return low + (uint64_t{1} << magnitude) - 1;
}

void Histogram::record(uint64_t value) {
    ++buckets_[bucket_of(value)];
    ++count_;
    sum_ += value;
    max_ = std::max(max_, value);
}

void Histogram::merge(const Histogram& other) {
    for (unsigned i = 0; i < bucket_count; ++i) buckets_[i] += other.buckets_[i];
    count_ += other.count_;
    sum_ += other.sum_;
    max_ = std::max(max_, other.max_);
}

uint64_t Histogram::quantile(uint32_t per_million) const {
    if (count_ == 0) return 0;
    const auto product = static_cast<unsigned __int128>(count_) * per_million;
    const auto rank = std::max<uint64_t>(1, static_cast<uint64_t>((product + 999'999) / 1'000'000));
    uint64_t seen = 0;
    for (unsigned i = 0; i < bucket_count; ++i) {
        seen += buckets_[i];
        if (seen >= rank) return std::min(upper_bound_of(i), max_);
    }
    return max_;
}

}  // namespace quern
