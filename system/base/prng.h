// Pseudo-random numbers that are the same on every compiler and machine. Two ways to draw:
//  - Prng: a stream (xoshiro256**, Blackman and Vigna 2018), for one owner.
//  - draw(seed, concern, identity, ordinal): a keyed hash without state, for the simulator, where
//    removing one fault must not shift the draws of the others.
// No std distributions: their results differ between standard libraries.
#pragma once

#include <cstdint>

namespace quern {

// splitmix64's finaliser: a bijection that spreads every input bit.
constexpr uint64_t mix64(uint64_t x) {
    x += 0x9e3779b97f4a7c15ULL;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
}

constexpr uint64_t draw(uint64_t seed, uint64_t concern, uint64_t identity, uint64_t ordinal) {
    return mix64(mix64(mix64(mix64(seed) ^ concern) ^ identity) ^ ordinal);
}

// Maps 64 random bits to 0..bound-1 (multiply-shift; bias below 2^-32 for bounds below 2^32).
constexpr uint64_t bounded(uint64_t random, uint64_t bound) {
    return static_cast<uint64_t>((static_cast<unsigned __int128>(random) * bound) >> 64);
}

class Prng {
public:
    explicit constexpr Prng(uint64_t seed) {
        for (uint64_t& word : state_) word = seed = mix64(seed);
    }

    constexpr uint64_t next() {
        const uint64_t result = rotate(state_[1] * 5, 7) * 9;
        const uint64_t t = state_[1] << 17;
        state_[2] ^= state_[0];
        state_[3] ^= state_[1];
        state_[1] ^= state_[2];
        state_[0] ^= state_[3];
        state_[2] ^= t;
        state_[3] = rotate(state_[3], 45);
        return result;
    }
    // 0..bound-1; bound > 0.
    constexpr uint64_t below(uint64_t bound) { return bounded(next(), bound); }
    // low..high, both included.
    constexpr uint64_t between(uint64_t low, uint64_t high) { return low + below(high - low + 1); }
    // True `part` times in `whole`.
    constexpr bool chance(uint64_t part, uint64_t whole) { return below(whole) < part; }

private:
    static constexpr uint64_t rotate(uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }
    uint64_t state_[4]{};
};

}  // namespace quern
