#include "system/base/callback.h"

#include <array>
#include <memory>

#include <gtest/gtest.h>

namespace quern {
namespace {

TEST(Callback, what_it_holds_moves_with_it) {
    int calls = 0;
    const std::array<int, 3> numbers{1, 2, 3};
    Callback<int(int)> bytes = [&calls, numbers](int i) {
        ++calls;
        return numbers[static_cast<size_t>(i)];
    };
    Callback<int(int)> owner = [&calls, number = std::make_unique<int>(7)](int i) {
        ++calls;
        return *number + i;
    };
    Callback<int(int)> large = [&calls, many = std::array<int, 40>{5}](int i) {
        ++calls;
        return many[static_cast<size_t>(i)];
    };
    Callback<int(int)> nothing = [](int i) { return -i; };
    for (Callback<int(int)>* callback : {&bytes, &owner, &large, &nothing}) {
        Callback<int(int)> moved = std::move(*callback);
        EXPECT_FALSE(*callback);  // NOLINT: moved from
        *callback = std::move(moved);
        EXPECT_FALSE(moved);  // NOLINT: moved from
    }
    EXPECT_EQ(bytes(2), 3);
    EXPECT_EQ(owner(1), 8);
    EXPECT_EQ(large(0), 5);
    EXPECT_EQ(nothing(4), -4);
    EXPECT_EQ(calls, 3);
}

// Counts the living.
struct Guest {
    explicit Guest(int& count) : count_(&count) { ++*count_; }
    Guest(const Guest& o) : count_(o.count_) { ++*count_; }
    ~Guest() { --*count_; }
    Guest& operator=(const Guest&) = delete;
    int* count_;
};

TEST(Callback, what_it_holds_is_destroyed_once) {
    int living = 0;
    {
        Callback<void()> one = [guest = Guest(living)] {};
        Callback<void()> other = std::move(one);
        EXPECT_EQ(living, 1);
        one = std::move(other);
        EXPECT_EQ(living, 1);
        one = [] {};
        EXPECT_EQ(living, 0);
        one = [guest = Guest(living), many = std::array<int, 40>{}] {};
        EXPECT_EQ(living, 1);
        one.reset();
        EXPECT_EQ(living, 0);
        other = [guest = Guest(living)] {};
    }
    EXPECT_EQ(living, 0);
}

}  // namespace
}  // namespace quern
