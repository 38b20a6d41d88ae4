// What a search for causes found, for people and for scripts.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/causality.h"

namespace quern::harness {

using nlohmann::ordered_json;

namespace {

constexpr int bar_width = 40;

double seconds(int64_t ns) { return static_cast<double>(ns) / 1e9; }

int per_cent(const CausalityPoint& point) { return static_cast<int>(point.share() * 100 + 0.5); }

}  // namespace

std::string Causality::to_text() const {
    if (invariant.empty()) return "nothing is violated\n";
    std::string out = fmt::format("{} at {:.6f} s: {}\n\n      from   violated  share\n", invariant,
                                  seconds(violated_ns), text);
    for (size_t i = 0; i < points.size(); ++i) {
        const CausalityPoint& p = points[i];
        const int full = static_cast<int>(p.share() * bar_width + 0.5);
        out += fmt::format("{:>8.3f} s  {:>4}/{:<4} {:>4} %  |{:<{}}|", seconds(p.at_ns), p.violated, p.tries,
                           per_cent(p), std::string(static_cast<size_t>(full), '#'), bar_width);
        if (p.late > 0) out += fmt::format(" {} not done in time", p.late);
        out += inevitable() == i ? "  inevitable\n" : "\n";
    }
    if (!inevitable()) out += "at none of these instants it was inevitable\n";
    if (const auto step = steepest()) {
        out += fmt::format("\nthe steepest step is from {:.3f} s ({} %) to {:.3f} s ({} %):\n",
                           seconds(points[*step - 1].at_ns), per_cent(points[*step - 1]),
                           seconds(points[*step].at_ns), per_cent(points[*step]));
        for (const std::string& line : story) out += "  " + line + "\n";
    }
    return out;
}

std::string Causality::to_json() const {
    ordered_json out;
    out["invariant"] = invariant;
    out["text"] = text;
    out["violated_at"] = seconds(violated_ns);
    out["points"] = ordered_json::array();
    for (const CausalityPoint& p : points) {
        out["points"].push_back(
            {{"at", seconds(p.at_ns)}, {"tries", p.tries}, {"violated", p.violated}, {"late", p.late}});
    }
    const auto first = inevitable();
    out["inevitable_at"] = first ? ordered_json(seconds(points[*first].at_ns)) : ordered_json();
    const auto step = steepest();
    out["steepest_before"] = step ? ordered_json(seconds(points[*step].at_ns)) : ordered_json();
    out["story"] = story;
    return out.dump(2, ' ', true, ordered_json::error_handler_t::replace);
}

}  // namespace quern::harness
