#include "system/queue/message_table.h"

#include <algorithm>

namespace quern::queue {

namespace {

constexpr uint64_t page_of(MessageSeq seq) { return seq.value / page_messages; }
constexpr unsigned bit_of(MessageSeq seq) { return static_cast<unsigned>(seq.value % page_messages); }
constexpr uint64_t directory_of(uint64_t page) { return page / directory_pages; }
constexpr unsigned slot_of(uint64_t page) { return static_cast<unsigned>(page % directory_pages); }

constexpr uint64_t from_bit(unsigned bit) { return ~uint64_t{0} << bit; }
constexpr uint32_t from_slot(unsigned slot) { return ~uint32_t{0} << slot; }

MessageSeq seq_at(uint64_t page, uint64_t mask) {
    return MessageSeq{page * page_messages + static_cast<uint64_t>(std::countr_zero(mask))};
}

unsigned first_slot(uint32_t mask) { return static_cast<unsigned>(std::countr_zero(mask)); }

}  // namespace

size_t MessageTable::lower_bound(uint64_t number) const {
    if (directories_.empty()) return 0;
    // Dense tables: the position follows from the distance to the first.
    const uint64_t first = directories_.front().number;
    if (number <= first) return 0;
    const uint64_t guess = number - first;
    if (guess < directories_.size() && directories_[guess].number == number) return guess;
    auto it = std::lower_bound(directories_.begin(), directories_.end(), number,
                               [](const Entry& e, uint64_t n) { return e.number < n; });
    return static_cast<size_t>(it - directories_.begin());
}

size_t MessageTable::find_directory(uint64_t number) const {
    const size_t at = lower_bound(number);
    return at < directories_.size() && directories_[at].number == number ? at : directories_.size();
}

const MessageRecord* MessageTable::find(MessageSeq seq) const {
    const size_t at = find_directory(directory_of(page_of(seq)));
    if (at == directories_.size()) return nullptr;
    const Shared<MessagePage>& page = directories_[at].directory->pages[slot_of(page_of(seq))];
    return page && page->has(bit_of(seq)) ? &page->record(bit_of(seq)) : nullptr;
}

MessageState MessageTable::state(MessageSeq seq) const {
    const size_t at = find_directory(directory_of(page_of(seq)));
    QUERN_ASSERT(at < directories_.size());
    const Shared<MessagePage>& page = directories_[at].directory->pages[slot_of(page_of(seq))];
    QUERN_ASSERT(page && page->has(bit_of(seq)));
    return page->state(bit_of(seq));
}

MessageRecord& MessageTable::edit(MessageSeq seq, MessageState state) {
    const uint64_t number = page_of(seq);
    const size_t at = find_directory(directory_of(number));
    QUERN_ASSERT(at < directories_.size());
    PageDirectory& directory = directories_[at].directory.edit();
    QUERN_ASSERT(directory.pages[slot_of(number)]);
    MessagePage& page = directory.pages[slot_of(number)].edit();
    QUERN_ASSERT(page.has(bit_of(seq)));
    page_mark(number, directory, page, bit_of(seq), state);
    return page.record(bit_of(seq));
}

PageDirectory& MessageTable::directory_for_append(uint64_t number) {
    if (directories_.empty() || directories_.back().number < number) {
        directories_.push_back({number, Shared<PageDirectory>(new PageDirectory)});
    }
    QUERN_ASSERT(directories_.back().number == number);
    return directories_.back().directory.edit();
}

// The last page stays when it is empty and small, so that a queue that is drained as fast as it is
// filled allocates nothing. It goes when messages no longer fall into it.
void MessageTable::free_empty_tail(uint64_t new_page) {
    if (directories_.empty() || tail_page_ == new_page) return;
    Entry& last = directories_.back();
    if (last.number != directory_of(tail_page_)) return;
    const unsigned slot = slot_of(tail_page_);
    if ((last.directory->live >> slot & 1) != 0) return;
    if (last.directory->pages[slot]) last.directory.edit().pages[slot] = {};
    if (last.directory->live == 0 && last.number != directory_of(new_page)) directories_.pop_back();
}

MessageRecord& MessageTable::append(MessageSeq seq, MessageState state) {
    const uint64_t number = page_of(seq);
    QUERN_ASSERT(seq != no_message && number >= tail_page_);
    // A full page before this one tells of a backlog: expect another full one.
    const bool backlog = number == tail_page_ + 1 && find(MessageSeq{seq.value - 1}) != nullptr;
    if (number != tail_page_) free_empty_tail(number);
    PageDirectory& directory = directory_for_append(directory_of(number));
    Shared<MessagePage>& page = directory.pages[slot_of(number)];
    if (!page) page = make_page(backlog ? page_messages : page_capacity_min);
    tail_page_ = number;
    MessageRecord& record = page_append(page, bit_of(seq));
    directory.live |= uint32_t{1} << slot_of(number);
    ++size_;
    page_mark(number, directory, page.edit(), bit_of(seq), state);
    return record;
}

void MessageTable::page_mark(uint64_t page_number, PageDirectory& directory, MessagePage& page,
                             unsigned bit, MessageState state) {
    const uint64_t mask = uint64_t{1} << bit;
    const std::array<uint64_t, 2> before = page.marks;
    for (unsigned m = 0; m < 2; ++m) {
        const bool set = state == static_cast<MessageState>(m);
        page.marks[m] = set ? page.marks[m] | mask : page.marks[m] & ~mask;
    }
    if (page.marks != before) update_marks(page_number, directory, page);
}

void MessageTable::update_marks(uint64_t page_number, PageDirectory& directory,
                                const MessagePage& page) {
    const uint32_t mask = uint32_t{1} << slot_of(page_number);
    for (unsigned m = 0; m < 2; ++m) {
        const uint32_t before = directory.marks[m];
        directory.marks[m] = page.marks[m] != 0 ? before | mask : before & ~mask;
        if ((before == 0) == (directory.marks[m] == 0)) continue;
        std::vector<uint64_t>& list = marked_[m];
        const uint64_t number = directory_of(page_number);
        auto it = std::lower_bound(list.begin(), list.end(), number);
        if (before == 0) {
            list.insert(it, number);
        } else {
            QUERN_ASSERT(it != list.end() && *it == number);
            list.erase(it);
        }
    }
}

bool MessageTable::is_tail(size_t entry, unsigned page_slot) const {
    return directories_[entry].number * directory_pages + page_slot == tail_page_;
}

void MessageTable::erase(MessageSeq seq) {
    const uint64_t number = page_of(seq);
    const size_t at = find_directory(directory_of(number));
    QUERN_ASSERT(at < directories_.size());
    PageDirectory& directory = directories_[at].directory.edit();
    Shared<MessagePage>& page = directory.pages[slot_of(number)];
    QUERN_ASSERT(page && page->has(bit_of(seq)));
    MessagePage& own = page.edit();
    page_mark(number, directory, own, bit_of(seq), MessageState::leased);
    own.live &= ~(uint64_t{1} << bit_of(seq));
    --size_;
    if (own.live == 0) {
        page_emptied(at, slot_of(number));
    } else if (!is_tail(at, slot_of(number))) {
        page_pack(page);
    }
}

void MessageTable::page_emptied(size_t entry, unsigned page_slot) {
    PageDirectory& directory = directories_[entry].directory.edit();
    directory.live &= ~(uint32_t{1} << page_slot);
    const bool tail = is_tail(entry, page_slot);
    if (!tail || directory.pages[page_slot]->capacity > page_capacity_min) {
        directory.pages[page_slot] = {};
    }
    if (directory.live == 0 && !tail && directories_[entry].number != directory_of(tail_page_)) {
        directories_.erase(directories_.begin() + static_cast<ptrdiff_t>(entry));
    }
}

MessageSeq MessageTable::next(MessageSeq from) const {
    uint64_t number = 0;
    const MessagePage* page = next_page(page_of(from), number);
    if (page == nullptr) return no_message;
    if (number == page_of(from)) {
        const uint64_t left = page->live & from_bit(bit_of(from));
        if (left != 0) return seq_at(number, left);
        page = next_page(number + 1, number);
        if (page == nullptr) return no_message;
    }
    return seq_at(number, page->live);
}

const MessagePage* MessageTable::next_page(uint64_t from, uint64_t& number) const {
    uint32_t mask = from_slot(slot_of(from));
    for (size_t at = lower_bound(directory_of(from)); at < directories_.size(); ++at) {
        const Entry& entry = directories_[at];
        if (entry.number != directory_of(from)) mask = ~uint32_t{0};
        const uint32_t left = entry.directory->live & mask;
        if (left != 0) {
            number = entry.number * directory_pages + first_slot(left);
            return &*entry.directory->pages[first_slot(left)];
        }
    }
    return nullptr;
}

MessageSeq MessageTable::next_marked(unsigned mark, MessageSeq from) const {
    const std::vector<uint64_t>& list = marked_[mark];
    const uint64_t from_directory = directory_of(page_of(from));
    auto it = list.begin();
    if (it != list.end() && *it < from_directory) it = std::lower_bound(it, list.end(), from_directory);
    for (; it != list.end(); ++it) {
        const PageDirectory& directory = *directories_[find_directory(*it)].directory;
        const bool first = *it == from_directory;
        uint32_t pages = directory.marks[mark] & (first ? from_slot(slot_of(page_of(from))) : ~0U);
        for (; pages != 0; pages &= pages - 1) {
            const uint64_t number = *it * directory_pages + first_slot(pages);
            uint64_t left = directory.pages[first_slot(pages)]->marks[mark];
            if (number == page_of(from)) left &= from_bit(bit_of(from));
            if (left != 0) return seq_at(number, left);
        }
    }
    return no_message;
}

}  // namespace quern::queue
