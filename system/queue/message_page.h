// Up to 64 neighbouring messages of one queue. Dead ones leave holes; a page that has become sparse is
// packed, so that scattered survivors cost their records and little more.
//
// A message is ready, delayed or leased. The page keeps one bit for each of the first two; a live
// message with neither is leased.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "system/base/assert.h"
#include "system/queue/shared.h"
#include "system/queue/types.h"

namespace quern::queue {

// What RAM holds of a live message. The body lies in entry `index`'s payload.
struct MessageRecord {
    uint64_t index = 0;
    int64_t sent_ms = 0;
    int64_t due_ms = 0;             // end of the lease or the delay; 0 when ready
    int64_t received_ms = 0;        // the last receive; 0: none
    int64_t first_received_ms = 0;  // 0: none
    uint32_t offset_bytes = 0;
    uint32_t size_bytes = 0;
    uint32_t body_bytes = 0;
    uint32_t epoch = 0;  // leases so far, which is the receive count
};
static_assert(sizeof(MessageRecord) <= 64);

constexpr unsigned page_messages = 64;

// Made with make_page() or duplicate(); its records follow it in memory.
struct MessagePage {
    uint32_t references = 1;
    uint32_t capacity = 0;              // records there is room for: 4, 8, .. 64
    uint64_t stored = 0;                // bit b: message b has a slot (it may be dead by now)
    uint64_t live = 0;                  // a subset of stored
    std::array<uint64_t, 2> marks{};    // ready, delayed: disjoint subsets of live

    MessageRecord* records() { return reinterpret_cast<MessageRecord*>(this + 1); }
    const MessageRecord* records() const { return reinterpret_cast<const MessageRecord*>(this + 1); }
    MessageRecord& record(unsigned bit) { return records()[slot(bit)]; }
    const MessageRecord& record(unsigned bit) const { return records()[slot(bit)]; }

    bool has(unsigned bit) const { return (live >> bit & 1) != 0; }
    MessageState state(unsigned bit) const {
        if ((marks[0] >> bit & 1) != 0) return MessageState::ready;
        return (marks[1] >> bit & 1) != 0 ? MessageState::delayed : MessageState::leased;
    }
    size_t bytes() const { return sizeof(MessagePage) + capacity * sizeof(MessageRecord); }

    MessagePage* duplicate() const;
    void destroy();

private:
    unsigned slot(unsigned bit) const {
        return static_cast<unsigned>(std::popcount(stored & ((uint64_t{1} << bit) - 1)));
    }
};

constexpr uint32_t page_capacity_min = 4;

// An empty page with room for `capacity` records (a power of two, page_capacity_min..page_messages).
Shared<MessagePage> make_page(uint32_t capacity);

// Adds message `bit`, which lies behind all stored ones, with a zero record and as leased.
MessageRecord& page_append(Shared<MessagePage>& page, unsigned bit);

// Drops dead records if three quarters of the room are unused.
void page_pack(Shared<MessagePage>& page);

}  // namespace quern::queue
