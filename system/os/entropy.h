// getrandom(2), a small buffer at a time.
#pragma once

#include <array>
#include <cstddef>

#include "system/io/entropy.h"

namespace quern::os {

class SystemEntropy final : public Entropy {
public:
    uint64_t next() override;

private:
    // 256 bytes: the most that getrandom promises to fill without interruption.
    std::array<uint64_t, 32> pool_{};
    size_t used_ = pool_.size();
};

}  // namespace quern::os
