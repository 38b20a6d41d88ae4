// A queue in one array: cheap to make, cheap to push, popped from a moving head.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "system/base/assert.h"

namespace quern::sim {

template <typename T>
class Fifo {
public:
    bool empty() const { return head_ == items_.size(); }
    size_t size() const { return items_.size() - head_; }
    T& front() { return items_[head_]; }
    void push(T item) { items_.push_back(std::move(item)); }
    T pop() {
        QUERN_ASSERT(!empty());
        T item = std::move(items_[head_++]);
        if (head_ == items_.size()) {
            clear();
        } else if (head_ >= 64 && head_ * 2 > items_.size()) {
            items_.erase(items_.begin(), items_.begin() + static_cast<std::ptrdiff_t>(head_));
            head_ = 0;
        }
        return item;
    }
    void pop_back() {
        QUERN_ASSERT(!empty());
        items_.pop_back();
        if (head_ == items_.size()) clear();
    }
    void clear() {
        items_.clear();
        head_ = 0;
    }

private:
    std::vector<T> items_;
    size_t head_ = 0;
};

}  // namespace quern::sim
