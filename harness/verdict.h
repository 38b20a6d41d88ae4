// What checkers found: violations of the invariants of docs/testing.md, each with its name, one clear
// sentence and, where it is known, the moment.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace quern::harness {

struct Violation {
    std::string invariant;  // "Q3", "R7", "L2", …
    std::string text;
    int64_t at_ns = 0;
};

// Keeps the first `kept_max` and counts the rest.
class Verdict {
public:
    void add(std::string invariant, std::string text, int64_t at_ns) {
        ++count_;
        if (violations_.size() < kept_max) {
            violations_.push_back({std::move(invariant), std::move(text), at_ns});
        }
    }
    bool good() const { return count_ == 0; }
    uint64_t count() const { return count_; }
    const std::vector<Violation>& violations() const { return violations_; }
    bool names(const std::string& invariant) const {
        for (const Violation& v : violations_) {
            if (v.invariant == invariant) return true;
        }
        return false;
    }

private:
    static constexpr size_t kept_max = 100;
    std::vector<Violation> violations_;
    uint64_t count_ = 0;
};

}  // namespace quern::harness
