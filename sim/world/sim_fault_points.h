// The fault points of a simulated cluster (base/fault_point.h). As in FoundationDB's buggify, a
// seed first draws which points are active at all (one in four) and how likely each fires, so that
// runs differ in kind; every point is counted, so that a campaign can name those that never fired.
#pragma once

#include <array>
#include <cstdint>

#include "sim/world/draws.h"
#include "system/base/fault_point.h"

namespace quern::sim {

class FaultPointBoard {
public:
    static constexpr size_t points = static_cast<size_t>(FaultPoint::count);

    // Every point is silent until activate() or set().
    explicit FaultPointBoard(uint64_t seed) : seed_(seed) {}
    // Draws which points are active and how often they fire.
    void activate();
    void silence() { per_million_.fill(0); }
    void set(FaultPoint point, uint32_t per_million) { per_million_[index(point)] = per_million; }

    uint32_t per_million(FaultPoint point) const { return per_million_[index(point)]; }
    uint64_t passed(FaultPoint point) const { return passed_[index(point)]; }
    uint64_t fired(FaultPoint point) const { return fired_[index(point)]; }

private:
    friend class SimFaultPoints;
    static size_t index(FaultPoint point) { return static_cast<size_t>(point); }
    uint64_t seed_;
    std::array<uint32_t, points> per_million_{};
    std::array<uint64_t, points> passed_{};
    std::array<uint64_t, points> fired_{};
};

// One machine's view of the board, with its own draws.
class SimFaultPoints final : public FaultPoints {
public:
    SimFaultPoints(FaultPointBoard& board, uint64_t machine) : board_(board), machine_(machine) {}
    bool fire(FaultPoint point) override;

private:
    FaultPointBoard& board_;
    uint64_t machine_;
    std::array<uint64_t, FaultPointBoard::points> ordinals_{};
};

}  // namespace quern::sim
