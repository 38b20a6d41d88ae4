#include "harness/delta_debug.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <set>

namespace quern::harness {
namespace {

using Test = std::function<bool(const Selection&)>;

FirstFailing first_of(Test fails, size_t* tries = nullptr) {
    return [=](const std::vector<Selection>& selections) -> std::optional<size_t> {
        for (size_t i = 0; i < selections.size(); ++i) {
            if (tries != nullptr) ++*tries;
            if (fails(selections[i])) return i;
        }
        return std::nullopt;
    };
}

TEST(DeltaDebug, finds_what_it_takes) {
    const auto needs = [](const Selection& s) {
        return std::count(s.begin(), s.end(), 17u) + std::count(s.begin(), s.end(), 803u) == 2;
    };
    size_t tries = 0;
    EXPECT_EQ(minimise(1'000, first_of(needs, &tries)), (Selection{17, 803}));
    EXPECT_LT(tries, 200u);
}

TEST(DeltaDebug, what_fails_by_itself_needs_nothing) {
    EXPECT_EQ(minimise(50, first_of([](const Selection&) { return true; })), Selection{});
    EXPECT_EQ(minimise(0, first_of([](const Selection&) { return true; })), Selection{});
}

TEST(DeltaDebug, keeps_all_if_all_is_needed) {
    const auto needs = [](const Selection& s) { return s.size() == 7; };
    EXPECT_EQ(minimise(7, first_of(needs)).size(), 7u);
    EXPECT_EQ(minimise(1, first_of([](const Selection& s) { return !s.empty(); })), Selection{0});
}

// Whatever a failure takes, even if more than needed can hide it: nothing can be left out of the result.
RC_GTEST_PROP(DeltaDebug, result_is_one_minimal, ()) {
    const auto count = *rc::gen::inRange<size_t>(1, 40);
    const auto places = rc::gen::container<std::vector<size_t>>(rc::gen::inRange<size_t>(0, count));
    const auto some = [&] {
        const std::vector<size_t> list = *places;
        return std::set<size_t>(list.begin(), list.end());
    };
    const std::set<size_t> one = some();
    const std::set<size_t> other = some();
    const bool odd = *rc::gen::arbitrary<bool>();
    const auto fails = [&](const Selection& s) {
        if (s.size() == count) return true;
        if (odd && s.size() % 2 == 0) return false;
        return std::includes(s.begin(), s.end(), one.begin(), one.end()) ||
               std::includes(s.begin(), s.end(), other.begin(), other.end());
    };
    const Selection kept = minimise(count, first_of(fails));
    RC_ASSERT(fails(kept));
    for (size_t i = 0; i < kept.size(); ++i) {
        Selection less = kept;
        less.erase(less.begin() + static_cast<std::ptrdiff_t>(i));
        RC_ASSERT(!fails(less));
    }
}

}  // namespace
}  // namespace quern::harness
