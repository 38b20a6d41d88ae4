#include "sim/world/inode.h"

#include <algorithm>
#include <cstring>

#include "system/base/assert.h"

namespace quern::sim {

namespace {

bool all_zero(ByteSpan bytes) {
    // The first is zero, and each equals the one before it.
    return bytes[0] == 0 && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0;
}

}  // namespace

uint64_t Inode::size() const { return std::min(size_, damage_size_); }

// A write behind the end of a file that was cut short makes it as long as that, and no longer.
void Inode::grow_to(uint64_t end) {
    if (damage_size_ >= end) return;
    damage_size_ = end >= std::max(size_, durable_size_) ? UINT64_MAX : end;
}

// --- durable bytes ---

void Inode::chunks_read(uint64_t offset, std::span<uint8_t> into) const {
    while (!into.empty()) {
        const uint64_t index = offset / chunk_bytes;
        if (index >= chunks_.size()) {
            std::memset(into.data(), 0, into.size());
            return;
        }
        // Zeros up to the end of the page, or of the chunk that was never made.
        const Chunk* chunk = chunks_[index].get();
        const Page* page = chunk ? (*chunk)[offset % chunk_bytes / page_bytes].get() : nullptr;
        const uint64_t unit = chunk ? page_bytes : chunk_bytes;
        const size_t take = std::min<uint64_t>(into.size(), unit - offset % unit);
        if (page != nullptr) {
            std::memcpy(into.data(), page->data() + offset % page_bytes, take);
        } else {
            std::memset(into.data(), 0, take);
        }
        into = into.subspan(take);
        offset += take;
    }
}

// `bytes` lie in one page.
void Inode::page_write(uint64_t offset, ByteSpan bytes, bool known_zeros) {
    const uint64_t index = offset / chunk_bytes;
    if (index >= chunks_.size()) chunks_.resize(index + 1);
    if (!chunks_[index]) chunks_[index] = std::make_unique<Chunk>();
    std::unique_ptr<Page>& page = (*chunks_[index])[offset % chunk_bytes / page_bytes];
    const uint64_t within = offset % page_bytes;
    if (!page) {
        if (known_zeros || all_zero(bytes)) return;
        page = std::make_unique_for_overwrite<Page>();
        std::memset(page->data(), 0, within);
        const uint64_t end = within + bytes.size();
        std::memset(page->data() + end, 0, page_bytes - end);
    }
    std::memcpy(page->data() + within, bytes.data(), bytes.size());
}

void Inode::chunks_write(uint64_t offset, ByteSpan bytes, bool known_zeros) {
    while (!bytes.empty()) {
        const size_t take = std::min<uint64_t>(bytes.size(), page_bytes - offset % page_bytes);
        page_write(offset, bytes.first(take), known_zeros);
        bytes = bytes.subspan(take);
        offset += take;
    }
}

void Inode::chunks_cut(uint64_t size) {
    const uint64_t keep = (size + chunk_bytes - 1) / chunk_bytes;
    if (keep < chunks_.size()) chunks_.resize(keep);
    if (size % chunk_bytes != 0 && keep == chunks_.size() && chunks_[keep - 1]) {
        Chunk& last = *chunks_[keep - 1];
        const size_t pages = (size % chunk_bytes + page_bytes - 1) / page_bytes;
        for (size_t i = pages; i < last.size(); ++i) last[i].reset();
        const uint64_t within = size % page_bytes;
        if (within != 0 && last[pages - 1]) {
            std::memset(last[pages - 1]->data() + within, 0, page_bytes - within);
        }
    }
    damage_.erase(damage_.lower_bound((size + sector_bytes - 1) / sector_bytes), damage_.end());
}

uint64_t Inode::durable_used() const {
    size_t last = chunks_.size();
    while (last > 0 && !chunks_[last - 1])
        --last;
    return std::min(durable_size_, last * chunk_bytes);
}

uint64_t Inode::durable_end() const {
    std::array<uint8_t, page_bytes> page;
    for (uint64_t end = durable_used(); end > 0;) {
        const uint64_t start = (end - 1) / page_bytes * page_bytes;
        const std::span<uint8_t> bytes(page.data(), end - start);
        chunks_read(start, bytes);
        for (; end > start; --end) {
            if (bytes[end - start - 1] != 0) return end;
        }
    }
    return 0;
}

uint64_t Inode::cut_size() const {
    uint64_t least = UINT64_MAX;
    for (const Cut& cut : cuts_)
        least = std::min(least, cut.size);
    return least;
}

bool Inode::base_read(uint64_t offset, std::span<uint8_t> into, bool pristine) const {
    chunks_read(offset, into);
    if (pristine) return true;
    const uint64_t end = offset + into.size();
    for (auto it = damage_.lower_bound(offset / sector_bytes);
         it != damage_.end() && it->first * sector_bytes < end; ++it) {
        if (it->second.unreadable) return false;
        const uint64_t from = std::max(offset, it->first * sector_bytes);
        const uint64_t to = std::min(end, (it->first + 1) * sector_bytes);
        std::memcpy(into.data() + (from - offset),
                    it->second.bytes.data() + (from - it->first * sector_bytes), to - from);
    }
    return true;
}

void Inode::commit_bytes(uint64_t offset, ByteSpan bytes, bool known_zeros) {
    if (bytes.empty()) return;
    const uint64_t end = offset + bytes.size();
    chunks_write(offset, bytes, known_zeros);
    grow_to(end);
    for (auto it = damage_.lower_bound(offset / sector_bytes);
         it != damage_.end() && it->first * sector_bytes < end;) {
        const uint64_t start = it->first * sector_bytes;
        if (offset <= start && start + sector_bytes <= end) {
            it = damage_.erase(it);
            continue;
        }
        const uint64_t from = std::max(offset, start);
        const uint64_t to = std::min(end, start + sector_bytes);
        std::memcpy(it->second.bytes.data() + (from - start), bytes.data() + (from - offset),
                    to - from);
        ++it;
    }
}

// The bytes [from, to) of the file that `write` carries.
void Inode::commit_part(const Write& write, uint64_t from, uint64_t to) {
    uint64_t at = write.offset;
    for (const Buffer& buffer : write.data.parts()) {
        const uint64_t low = std::max(from, at);
        const uint64_t high = std::min(to, at + buffer.size());
        if (low < high) {
            commit_bytes(low, buffer.span().subspan(low - at, high - low), buffer.known_zeros());
        }
        at += buffer.size();
    }
}

void Inode::commit(const Write& write) { commit_part(write, write.offset, write.end()); }

// --- writes ---

uint64_t Inode::write_begin(uint64_t offset, BufferChain data) {
    Write write;
    write.number = ++write_number_;
    write.offset = offset;
    write.data = std::move(data);
    inflight_.push_back(std::move(write));
    return write_number_;
}

Inode::Write Inode::inflight_take(uint64_t number) {
    const auto it = std::find_if(inflight_.begin(), inflight_.end(),
                                 [number](const Write& w) { return w.number == number; });
    QUERN_ASSERT(it != inflight_.end());
    Write write = std::move(*it);
    inflight_.erase(it);
    return write;
}

void Inode::write_done(uint64_t number) {
    Write write = inflight_take(number);
    write.order = ++order_;
    if (write.end() > size_) size_ = write.end();
    grow_to(write.end());
    pending_.push_back(std::move(write));
}

void Inode::write_failed(uint64_t number, uint64_t random) {
    Write write = inflight_take(number);
    if (random % 2 == 0) return;
    // A prefix reached the page cache.
    const uint64_t size = (random >> 1) % write.data.size() / sector_bytes * sector_bytes;
    if (size == 0) return;
    const Buffer whole = write.data.flatten();
    write.data = BufferChain(whole.slice(0, size));
    write.order = ++order_;
    if (write.end() > size_) size_ = write.end();
    pending_.push_back(std::move(write));
}

void Inode::resize(uint64_t size) {
    ++order_;
    if (size < size_) {
        for (Write& write : pending_) {
            if (write.end() <= size) continue;
            const uint64_t keep = write.offset < size ? size - write.offset : 0;
            write.data =
                keep > 0 ? BufferChain(write.data.flatten().slice(0, keep)) : BufferChain();
        }
        std::erase_if(pending_, [](const Write& w) { return w.data.empty(); });
        cuts_.push_back({order_, size});
        reserved_ = std::min(reserved_, size);
    }
    size_ = size;
    resized_ = true;
    damage_size_ = size <= damage_size_ ? UINT64_MAX : damage_size_;
}

void Inode::allocate(uint64_t size) {
    reserved_ = std::max(reserved_, size);
    if (size <= size_) return;
    ++order_;
    size_ = size;
    resized_ = true;
}

bool Inode::read(uint64_t offset, std::span<uint8_t> into) const {
    const uint64_t end = offset + into.size();
    QUERN_ASSERT(end <= size());
    const uint64_t base_end = std::max(offset, std::min({end, durable_size_, cut_size()}));
    const auto base = into.first(base_end - offset);
    if (!base_read(offset, base, false)) return false;
    std::memset(into.data() + base.size(), 0, into.size() - base.size());
    for (const Write& write : pending_) {
        if (write.end() <= offset || write.offset >= end) continue;
        uint64_t at = write.offset;
        for (const Buffer& buffer : write.data.parts()) {
            const uint64_t low = std::max(offset, at);
            const uint64_t high = std::min(end, at + buffer.size());
            if (low < high) {
                std::memcpy(into.data() + (low - offset), buffer.data() + (low - at), high - low);
            }
            at += buffer.size();
        }
    }
    return true;
}

bool Inode::untouched(uint64_t offset, uint64_t size) const {
    const uint64_t end = offset + size;
    const auto written = [&](const Write& write) { return write.offset < end && write.end() > offset; };
    if (std::any_of(pending_.begin(), pending_.end(), written)) return false;
    const auto damage = damage_.lower_bound(offset / sector_bytes);
    if (damage != damage_.end() && damage->first * sector_bytes < end) return false;
    const uint64_t last = std::min<uint64_t>(chunks_.size(), (end + chunk_bytes - 1) / chunk_bytes);
    for (uint64_t index = offset / chunk_bytes; index < last; ++index) {
        if (chunks_[index]) return false;
    }
    return true;
}

bool Inode::read_durable(uint64_t offset, std::span<uint8_t> into, bool pristine) const {
    const uint64_t base_end = std::max(offset, std::min(offset + into.size(), durable_size_));
    const auto base = into.first(base_end - offset);
    std::memset(into.data() + base.size(), 0, into.size() - base.size());
    return base_read(offset, base, pristine);
}

}  // namespace quern::sim
