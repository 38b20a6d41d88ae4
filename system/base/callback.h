// Callback<void(Args...)>: a move-only function object called at most once per completion. Small
// captures (up to 48 bytes) live inside it, so a completion costs no allocation.
#pragma once

#include <cstddef>
#include <cstring>
#include <new>
#include <type_traits>
#include <utility>

#include "system/base/assert.h"

namespace quern {

template <typename Signature>
class Callback;

template <typename R, typename... Args>
class Callback<R(Args...)> {
public:
    Callback() = default;
    Callback(std::nullptr_t) {}  // NOLINT

    template <typename F>
        requires(!std::is_same_v<std::decay_t<F>, Callback> &&
                 std::is_invocable_r_v<R, std::decay_t<F>&, Args...>)
    Callback(F&& f) {  // NOLINT: converts like std::function
        using Fn = std::decay_t<F>;
        if constexpr (sizeof(Fn) <= inline_bytes && alignof(Fn) <= alignof(std::max_align_t) &&
                      std::is_nothrow_move_constructible_v<Fn>) {
            if constexpr (std::is_empty_v<Fn>) storage_[0] = 0;  // bytes that move are set
            new (&storage_) Fn(std::forward<F>(f));
            operations_ = &inline_operations<Fn>;
        } else {
            *reinterpret_cast<Fn**>(&storage_) = new Fn(std::forward<F>(f));
            operations_ = &heap_operations<Fn>;
        }
    }
    Callback(Callback&& o) noexcept { take(o); }
    Callback& operator=(Callback&& o) noexcept {
        if (this != &o) {
            reset();
            take(o);
        }
        return *this;
    }
    Callback(const Callback&) = delete;
    Callback& operator=(const Callback&) = delete;
    ~Callback() { reset(); }

    explicit operator bool() const { return operations_ != nullptr; }
    R operator()(Args... args) {
        QUERN_ASSERT(operations_ != nullptr);
        return operations_->invoke(&storage_, std::forward<Args>(args)...);
    }
    void reset() {
        if (operations_ == nullptr) return;
        const Operations* operations = std::exchange(operations_, nullptr);
        if (operations->destroy != nullptr) operations->destroy(&storage_);
    }

private:
    static constexpr size_t inline_bytes = 48;
    struct Operations {
        R (*invoke)(void*, Args&&...);
        void (*move)(void* from, void* to) noexcept;  // null: the bytes are copied
        void (*destroy)(void*) noexcept;              // null: there is nothing to do
    };
    template <typename Fn>
    static constexpr auto mover() -> void (*)(void*, void*) noexcept {
        if constexpr (std::is_trivially_copyable_v<Fn>) {
            return nullptr;
        } else {
            return [](void* from, void* to) noexcept {
                new (to) Fn(std::move(*static_cast<Fn*>(from)));
                static_cast<Fn*>(from)->~Fn();
            };
        }
    }
    template <typename Fn>
    static constexpr auto destroyer() -> void (*)(void*) noexcept {
        if constexpr (std::is_trivially_destructible_v<Fn>) {
            return nullptr;
        } else {
            return [](void* p) noexcept { static_cast<Fn*>(p)->~Fn(); };
        }
    }
    template <typename Fn>
    static constexpr Operations inline_operations{
        [](void* p, Args&&... args) -> R {
            return (*static_cast<Fn*>(p))(std::forward<Args>(args)...);
        },
        mover<Fn>(), destroyer<Fn>()};
    template <typename Fn>
    static constexpr Operations heap_operations{
        [](void* p, Args&&... args) -> R {
            return (**static_cast<Fn**>(p))(std::forward<Args>(args)...);
        },
        nullptr, [](void* p) noexcept { delete *static_cast<Fn**>(p); }};

    void take(Callback& o) {
        operations_ = std::exchange(o.operations_, nullptr);
        if (operations_ == nullptr) return;
        if (operations_->move != nullptr) {
            operations_->move(&o.storage_, &storage_);
        } else {
            std::memcpy(&storage_, &o.storage_, inline_bytes);
        }
    }

    alignas(std::max_align_t) unsigned char storage_[inline_bytes];
    const Operations* operations_ = nullptr;
};

}  // namespace quern
