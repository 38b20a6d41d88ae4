// What the nodes' data lies on.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "system/base/result.h"

namespace quern::harness::chaos {

// One node's data folder on something that is not a plain folder; takes itself away in its destructor.
class Disk {
public:
    virtual ~Disk() = default;
    virtual Result<void> fill();                     // not_supported unless it is small
    virtual Result<void> free();
    // What was not synced is forgotten, in part or whole, as `draw` has it. Nobody uses the disk now.
    virtual Result<void> lose_power(uint64_t draw);  // not_supported unless it can
};

class Disks {
public:
    // Who gets none has a plain folder.
    void put(uint32_t node, std::unique_ptr<Disk> disk) { disks_[node] = std::move(disk); }
    // Full until it was freed as often as it was filled.
    Result<void> fill(uint32_t node);
    Result<void> free(uint32_t node);
    Result<void> lose_power(uint32_t node, uint64_t draw);

private:
    std::map<uint32_t, int> filled_;
    std::map<uint32_t, std::unique_ptr<Disk>> disks_;
};

}  // namespace quern::harness::chaos
