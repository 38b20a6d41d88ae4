// A counted pointer to a value that is copied when it is changed while shared: the live state and any
// number of frozen snapshots hold the same pages until one of them must change.
//
// Loop-confined: the count is not atomic. T has `uint32_t references` (1 when made),
// `T* duplicate() const` (a copy with one reference) and `void destroy()`.
#pragma once

#include <cstdint>
#include <utility>

namespace quern::queue {

template <typename T>
class Shared {
public:
    Shared() = default;
    explicit Shared(T* owned) : value_(owned) {}
    Shared(const Shared& o) : value_(o.value_) {
        if (value_ != nullptr) ++value_->references;
    }
    Shared(Shared&& o) noexcept : value_(std::exchange(o.value_, nullptr)) {}
    Shared& operator=(Shared o) noexcept {
        std::swap(value_, o.value_);
        return *this;
    }
    ~Shared() {
        if (value_ != nullptr && --value_->references == 0) value_->destroy();
    }

    explicit operator bool() const { return value_ != nullptr; }
    const T& operator*() const { return *value_; }
    const T* operator->() const { return value_; }

    // The value for changing: a copy of its own if others hold it too.
    T& edit() {
        if (value_->references > 1) {
            T* copy = value_->duplicate();
            --value_->references;
            value_ = copy;
        }
        return *value_;
    }

private:
    T* value_ = nullptr;
};

}  // namespace quern::queue
