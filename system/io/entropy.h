// Random bits: from the operating system in production, keyed by seed and node in the simulator.
#pragma once

#include <cstdint>

namespace quern {

class Entropy {
public:
    virtual ~Entropy() = default;
    // 64 random bits; unpredictable in production.
    virtual uint64_t next() = 0;
};

}  // namespace quern
