// Delta debugging: the smallest part of a list that still shows a failure (Zeller and Hildebrandt,
// "Simplifying and Isolating Failure-Inducing Input", IEEE TSE 2002).
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

namespace quern::harness {

// Places in the list, ascending.
using Selection = std::vector<size_t>;

// Tells which of the selections, in order, is the first that still fails; none, if all pass or time is
// up. Several are handed over at once so that they can be tried side by side.
using FirstFailing = std::function<std::optional<size_t>(const std::vector<Selection>&)>;

// A selection of 0…count-1 that fails, such that leaving out any one place makes it pass (unless time was
// up). The whole is known to fail.
Selection minimise(size_t count, const FirstFailing& first_failing);

}  // namespace quern::harness
