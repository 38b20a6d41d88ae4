// A campaign is worth something only if a bug would have failed it. So each has a canary: runs of the
// program beside this one, whose nodes carry a planted bug, by the same harness. One of them has to fail,
// or the campaign is void.
#pragma once

#include <cstdint>
#include <string>

namespace quern::harness {

struct Canary {
    bool failed = false;  // as it has to
    std::string words;    // one line
};

// Which bug is planted follows from `first_seed`; so do the canary's own seeds.
Canary run_canary(uint64_t first_seed);

}  // namespace quern::harness
