// Reference-counted bytes. A Buffer is an immutable slice of a block; copying it shares the block, so
// one message body is copied once, from the socket, and then shared by WAL, peers and apply.
//
// Loop-confined: the count is not atomic. A disk thread may read the bytes of a Buffer that its
// operation keeps alive, but never copies or destroys one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "system/base/assert.h"

namespace quern {

using ByteSpan = std::span<const uint8_t>;

inline ByteSpan as_bytes(std::string_view text) {
    return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(ByteSpan bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

namespace detail {
struct Block {
    uint32_t count = 1;
    void (*destroy)(Block*) = nullptr;
};
}  // namespace detail

class Buffer {
public:
    Buffer() = default;
    Buffer(const Buffer& o) : block_(o.block_), data_(o.data_), size_(o.size_) { retain(); }
    Buffer(Buffer&& o) noexcept
        : block_(std::exchange(o.block_, nullptr)), data_(std::exchange(o.data_, nullptr)),
          size_(std::exchange(o.size_, 0)) {}
    Buffer& operator=(Buffer o) noexcept {
        std::swap(block_, o.block_);
        std::swap(data_, o.data_);
        std::swap(size_, o.size_);
        return *this;
    }
    ~Buffer() { release(); }

    static Buffer copy_of(ByteSpan bytes);
    static Buffer copy_of(std::string_view text) { return copy_of(as_bytes(text)); }

    // Takes over `owner` (any movable object), whose `bytes` stay valid until it is destroyed.
    template <typename Owner>
    static Buffer adopt(Owner owner, ByteSpan bytes) {
        struct Holder : detail::Block {
            explicit Holder(Owner o) : owner(std::move(o)) {}
            Owner owner;
        };
        auto* holder = new Holder(std::move(owner));
        holder->destroy = [](detail::Block* b) { delete static_cast<Holder*>(b); };
        return Buffer(holder, bytes.data(), bytes.size());
    }

    // Bytes that are zero, for padding: they lie in no block of their own.
    static constexpr size_t zeros_max = 4096;
    static Buffer zeros(size_t size) {
        QUERN_ASSERT(size <= zeros_max);
        return Buffer(nullptr, zero_bytes, size);
    }
    // They come from there.
    bool known_zeros() const { return data_ == zero_bytes; }

    const uint8_t* data() const { return data_; }
    size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    ByteSpan span() const { return {data_, size_}; }
    std::string_view text() const { return as_text(span()); }

    // A part of this buffer that shares its block.
    Buffer slice(size_t offset, size_t size) const {
        QUERN_ASSERT(offset <= size_ && size <= size_ - offset);
        Buffer part(*this);
        part.data_ += offset;
        part.size_ = size;
        return part;
    }
    Buffer slice(size_t offset) const { return slice(offset, size_ - offset); }

private:
    friend class MutableBuffer;
    static const uint8_t zero_bytes[zeros_max];
    Buffer(detail::Block* block, const uint8_t* data, size_t size)
        : block_(block), data_(data), size_(size) {}
    void retain() const {
        if (block_ != nullptr) ++block_->count;
    }
    void release() {
        if (block_ != nullptr && --block_->count == 0) block_->destroy(block_);
    }

    detail::Block* block_ = nullptr;
    const uint8_t* data_ = nullptr;
    size_t size_ = 0;
};

// Bytes being filled by their only owner; data() is aligned to 16. freeze() makes them a Buffer.
class MutableBuffer {
public:
    MutableBuffer() = default;
    explicit MutableBuffer(size_t size);  // contents are not initialised
    MutableBuffer(MutableBuffer&& o) noexcept
        : block_(std::exchange(o.block_, nullptr)), data_(o.data_), size_(std::exchange(o.size_, 0)) {}
    MutableBuffer& operator=(MutableBuffer&& o) noexcept {
        std::swap(block_, o.block_);
        std::swap(data_, o.data_);
        std::swap(size_, o.size_);
        return *this;
    }
    ~MutableBuffer();

    uint8_t* data() { return data_; }
    size_t size() const { return size_; }
    std::span<uint8_t> span() { return {data_, size_}; }
    // The first `size` bytes; this object is empty afterwards.
    Buffer freeze(size_t size) &&;
    Buffer freeze() && {
        size_t all = size_;
        return std::move(*this).freeze(all);
    }

private:
    detail::Block* block_ = nullptr;
    uint8_t* data_ = nullptr;
    size_t size_ = 0;
};

// Buffers that stand one after another, for gathered writes.
class BufferChain {
public:
    BufferChain() = default;
    BufferChain(Buffer one) { append(std::move(one)); }  // NOLINT: a buffer is a chain of one

    void append(Buffer part) {
        if (part.empty()) return;
        size_ += part.size();
        if (parts_.capacity() == 0) parts_.reserve(parts_at_first);
        parts_.push_back(std::move(part));
    }
    void append(const BufferChain& other) {
        for (const Buffer& part : other.parts_) append(part);
    }
    void append(BufferChain&& other) {
        if (parts_.empty()) {
            *this = std::move(other);
        } else {
            for (Buffer& part : other.parts_) append(std::move(part));
        }
        other.clear();
    }
    size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    const std::vector<Buffer>& parts() const { return parts_; }
    void clear() {
        parts_.clear();
        size_ = 0;
    }
    // The parts; this chain is empty afterwards.
    std::vector<Buffer> take() {
        size_ = 0;
        return std::exchange(parts_, {});
    }
    // One contiguous buffer; shares the block when there is only one part.
    Buffer flatten() const;

private:
    static constexpr size_t parts_at_first = 4;
    std::vector<Buffer> parts_;
    size_t size_ = 0;
};

}  // namespace quern
