#include "harness/chaos/disks.h"

namespace quern::harness::chaos {

namespace {

Failure not_so() { return fail(ErrorCode::not_supported, "this disk cannot do that"); }

}  // namespace

Result<void> Disk::fill() { return not_so(); }
Result<void> Disk::free() { return not_so(); }
Result<void> Disk::lose_power(uint64_t) { return not_so(); }

Result<void> Disks::fill(uint32_t node) {
    if (++filled_[node] > 1) return {};
    const auto it = disks_.find(node);
    return it == disks_.end() ? Result<void>(not_so()) : it->second->fill();
}

Result<void> Disks::free(uint32_t node) {
    if (--filled_[node] > 0) return {};
    const auto it = disks_.find(node);
    return it == disks_.end() ? Result<void>(not_so()) : it->second->free();
}

Result<void> Disks::lose_power(uint32_t node, uint64_t draw) {
    const auto it = disks_.find(node);
    return it == disks_.end() ? Result<void>(not_so()) : it->second->lose_power(draw);
}

}  // namespace quern::harness::chaos
