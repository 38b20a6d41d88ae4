#include "system/queue/message_page.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

namespace quern::queue {

namespace {

MessagePage* allocate(uint32_t capacity) {
    QUERN_ASSERT(capacity >= page_capacity_min && capacity <= page_messages);
    void* memory = std::malloc(sizeof(MessagePage) + capacity * sizeof(MessageRecord));
    QUERN_ASSERT(memory != nullptr);
    auto* page = new (memory) MessagePage;
    page->capacity = capacity;
    return page;
}

// Copies the live messages of `from` to `to`, which is empty and large enough, or is `from`.
void copy_live(const MessagePage& from, MessagePage& to) {
    MessageRecord* out = to.records();
    for (uint64_t left = from.live; left != 0; left &= left - 1) {
        *out++ = from.record(static_cast<unsigned>(std::countr_zero(left)));
    }
    to.marks = from.marks;
    to.live = from.live;
    to.stored = from.live;
}

void reallocate(Shared<MessagePage>& page, uint32_t capacity) {
    MessagePage* fresh = allocate(capacity);
    copy_live(*page, *fresh);
    page = Shared<MessagePage>(fresh);
}

}  // namespace

MessagePage* MessagePage::duplicate() const {
    MessagePage* copy = allocate(capacity);
    copy->stored = stored;
    copy->live = live;
    copy->marks = marks;
    const auto count = static_cast<size_t>(std::popcount(stored));
    std::memcpy(copy->records(), records(), count * sizeof(MessageRecord));
    return copy;
}

void MessagePage::destroy() { std::free(this); }

Shared<MessagePage> make_page(uint32_t capacity) { return Shared<MessagePage>(allocate(capacity)); }

MessageRecord& page_append(Shared<MessagePage>& page, unsigned bit) {
    QUERN_ASSERT(bit < page_messages && page->stored >> bit == 0);
    const auto stored = static_cast<uint32_t>(std::popcount(page->stored));
    if (stored == page->capacity) {
        const auto live = static_cast<uint32_t>(std::popcount(page->live));
        if (live * 2 <= page->capacity) {
            MessagePage& own = page.edit();
            copy_live(own, own);
        } else {
            reallocate(page, std::min<uint32_t>(page->capacity * 2, page_messages));
        }
    }
    MessagePage& own = page.edit();
    own.stored |= uint64_t{1} << bit;
    own.live |= uint64_t{1} << bit;
    MessageRecord& record = own.record(bit);
    record = MessageRecord{};
    return record;
}

void page_pack(Shared<MessagePage>& page) {
    const auto live = static_cast<uint32_t>(std::popcount(page->live));
    if (page->capacity == page_capacity_min || live * 4 > page->capacity) return;
    reallocate(page, std::max(page_capacity_min, std::bit_ceil(live)));
}

}  // namespace quern::queue
