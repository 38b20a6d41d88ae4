#include "system/base/buffer.h"

#include <cstdlib>

namespace quern {

namespace {

constexpr size_t block_header_bytes = 16;
static_assert(sizeof(detail::Block) <= block_header_bytes);

detail::Block* allocate_block(size_t size) {
    void* memory = std::malloc(block_header_bytes + size);
    QUERN_ASSERT(memory != nullptr);
    auto* block = new (memory) detail::Block;
    block->destroy = [](detail::Block* b) { std::free(b); };
    return block;
}

uint8_t* block_bytes(detail::Block* block) {
    return reinterpret_cast<uint8_t*>(block) + block_header_bytes;
}

}  // namespace

const uint8_t Buffer::zero_bytes[zeros_max] = {};

Buffer Buffer::copy_of(ByteSpan bytes) {
    if (bytes.empty()) return {};
    MutableBuffer copy(bytes.size());
    std::memcpy(copy.data(), bytes.data(), bytes.size());
    return std::move(copy).freeze();
}

MutableBuffer::MutableBuffer(size_t size)
    : block_(allocate_block(size)), data_(block_bytes(block_)), size_(size) {}

MutableBuffer::~MutableBuffer() {
    if (block_ != nullptr) block_->destroy(block_);
}

Buffer MutableBuffer::freeze(size_t size) && {
    QUERN_ASSERT(size <= size_);
    size_ = 0;
    return Buffer(std::exchange(block_, nullptr), data_, size);
}

Buffer BufferChain::flatten() const {
    if (parts_.empty()) return {};
    if (parts_.size() == 1) return parts_.front();
    MutableBuffer whole(size_);
    size_t offset = 0;
    for (const Buffer& part : parts_) {
        std::memcpy(whole.data() + offset, part.data(), part.size());
        offset += part.size();
    }
    return std::move(whole).freeze();
}

}  // namespace quern
