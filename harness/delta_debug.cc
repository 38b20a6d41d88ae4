#include "harness/delta_debug.h"

#include <algorithm>

namespace quern::harness {

namespace {

// `all` without the places from..to-1 of it.
Selection without(const Selection& all, size_t from, size_t to) {
    Selection rest(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(from));
    rest.insert(rest.end(), all.begin() + static_cast<std::ptrdiff_t>(to), all.end());
    return rest;
}

Selection part(const Selection& all, size_t from, size_t to) {
    return Selection(all.begin() + static_cast<std::ptrdiff_t>(from),
                     all.begin() + static_cast<std::ptrdiff_t>(to));
}

// Subsets first, then what is left without each; the latest of a list first, since what leads to a failure
// is seldom long before it.
std::vector<Selection> candidates(const Selection& all, size_t pieces) {
    std::vector<Selection> subsets;
    std::vector<Selection> complements;
    for (size_t i = pieces; i-- > 0;) {
        const size_t from = all.size() * i / pieces;
        const size_t to = all.size() * (i + 1) / pieces;
        if (pieces <= 8 && to - from > 1) subsets.push_back(part(all, from, to));
        if (pieces > 2) complements.push_back(without(all, from, to));
    }
    if (pieces == 2 && all.size() <= 3) {
        complements.push_back(without(all, 0, all.size() / 2));
        complements.push_back(without(all, all.size() / 2, all.size()));
    }
    subsets.insert(subsets.end(), complements.begin(), complements.end());
    return subsets;
}

}  // namespace

Selection minimise(size_t count, const FirstFailing& first_failing) {
    Selection now;
    for (size_t i = 0; i < count; ++i) now.push_back(i);
    if (now.empty() || first_failing({Selection{}})) return {};
    size_t pieces = 2;
    while (now.size() >= 2) {
        pieces = std::min(pieces, now.size());
        const std::vector<Selection> tries = candidates(now, pieces);
        const std::optional<size_t> smaller = first_failing(tries);
        if (smaller) {
            const size_t lost = now.size() - tries[*smaller].size();
            now = tries[*smaller];
            // A subset: begin anew; a complement: go on as finely.
            const bool subset = lost > now.size();
            pieces = subset ? 2 : std::max<size_t>(2, pieces - 1);
        } else if (pieces == now.size()) {
            break;
        } else {
            pieces = pieces * 2;
        }
    }
    return now;
}

}  // namespace quern::harness
