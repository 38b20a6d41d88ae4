#include "system/os/timer_heap.h"

#include <map>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace quern::os {
namespace {

// Against an ordered map, which is the specification.
RC_GTEST_PROP(TimerHeap, behaves_as_a_map_ordered_by_deadline_and_start, ()) {
    TimerHeap heap;
    std::map<std::pair<int64_t, int>, TimerId> model;
    std::vector<int> expired;
    const auto steps = *rc::gen::container<std::vector<std::pair<int, int>>>(
        rc::gen::pair(rc::gen::inRange(0, 4), rc::gen::inRange(0, 20)));
    int number = 0;
    for (const auto& [action, value] : steps) {
        if (action <= 1) {
            const int mine = number++;
            model[{value, mine}] =
                heap.start(Instant{value}, [&expired, mine] { expired.push_back(mine); });
        } else if (action == 2 && !model.empty()) {
            const auto chosen = std::next(model.begin(), value % static_cast<int>(model.size()));
            RC_ASSERT(static_cast<bool>(heap.cancel(chosen->second)));
            RC_ASSERT(!heap.cancel(chosen->second));
            model.erase(chosen);
        } else if (action == 3 && !model.empty()) {
            RC_ASSERT(heap.earliest().ns == model.begin()->first.first);
            heap.pop()();
            RC_ASSERT(expired.back() == model.begin()->first.second);
            RC_ASSERT(!heap.cancel(model.begin()->second));
            model.erase(model.begin());
        }
        RC_ASSERT(heap.size() == model.size());
    }
}

}  // namespace
}  // namespace quern::os
