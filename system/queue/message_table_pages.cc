// Whole pages of a message table: searching by time, slices of removal, restoring, checking.
#include <algorithm>

#include "system/queue/message_table.h"

namespace quern::queue {

namespace {

unsigned last_bit(uint64_t mask) { return 63 - static_cast<unsigned>(std::countl_zero(mask)); }

int64_t last_sent(const MessagePage& page) { return page.record(last_bit(page.live)).sent_ms; }

int64_t last_sent(const PageDirectory& directory) {
    return last_sent(*directory.pages[last_bit(directory.live)]);
}

}  // namespace

MessageSeq MessageTable::first_sent_after(int64_t sent_ms) const {
    auto later = [sent_ms](const Entry& e) {
        // Only the last directory can be empty; nothing lies behind it.
        return e.directory->live == 0 || last_sent(*e.directory) > sent_ms;
    };
    auto it = std::partition_point(directories_.begin(), directories_.end(),
                                   [&](const Entry& e) { return !later(e); });
    if (it == directories_.end()) return no_message;
    const PageDirectory& directory = *it->directory;
    for (uint32_t pages = directory.live; pages != 0; pages &= pages - 1) {
        const auto slot = static_cast<unsigned>(std::countr_zero(pages));
        const MessagePage& page = *directory.pages[slot];
        if (last_sent(page) <= sent_ms) continue;
        for (uint64_t left = page.live; left != 0; left &= left - 1) {
            const auto bit = static_cast<unsigned>(std::countr_zero(left));
            if (page.record(bit).sent_ms <= sent_ms) continue;
            return MessageSeq{(it->number * directory_pages + slot) * page_messages + bit};
        }
    }
    return no_message;
}

void MessageTable::erase_page(uint64_t number) {
    const size_t at = find_directory(number / directory_pages);
    QUERN_ASSERT(at < directories_.size());
    const auto slot = static_cast<unsigned>(number % directory_pages);
    PageDirectory& directory = directories_[at].directory.edit();
    QUERN_ASSERT((directory.live >> slot & 1) != 0);
    MessagePage& page = directory.pages[slot].edit();
    size_ -= static_cast<uint64_t>(std::popcount(page.live));
    page.live = 0;
    page.marks = {};
    update_marks(number, directory, page);
    page_emptied(at, slot);
}

void MessageTable::append_page(uint64_t number, Shared<MessagePage> page) {
    QUERN_ASSERT(page->live != 0 && (size_ == 0 || number > tail_page_));
    PageDirectory& directory = directory_for_append(number / directory_pages);
    const auto slot = static_cast<unsigned>(number % directory_pages);
    tail_page_ = number;
    size_ += static_cast<uint64_t>(std::popcount(page->live));
    directory.live |= uint32_t{1} << slot;
    directory.pages[slot] = std::move(page);
    update_marks(number, directory, *directory.pages[slot]);
}

size_t MessageTable::memory_bytes() const {
    size_t bytes = directories_.capacity() * sizeof(Entry);
    for (const std::vector<uint64_t>& list : marked_) bytes += list.capacity() * sizeof(uint64_t);
    for (const Entry& entry : directories_) {
        bytes += sizeof(PageDirectory);
        for (const Shared<MessagePage>& page : entry.directory->pages) {
            if (page) bytes += page->bytes();
        }
    }
    return bytes;
}

bool MessageTable::consistent() const {
    uint64_t live = 0;
    std::array<std::vector<uint64_t>, 2> marked;
    for (size_t i = 0; i < directories_.size(); ++i) {
        const Entry& entry = directories_[i];
        if (i > 0 && directories_[i - 1].number >= entry.number) return false;
        const PageDirectory& directory = *entry.directory;
        for (unsigned slot = 0; slot < directory_pages; ++slot) {
            const Shared<MessagePage>& page = directory.pages[slot];
            const uint64_t in_page = page ? page->live : 0;
            if (((directory.live >> slot & 1) != 0) != (in_page != 0)) return false;
            for (unsigned m = 0; m < 2; ++m) {
                const uint64_t marks = page ? page->marks[m] : 0;
                if (((directory.marks[m] >> slot & 1) != 0) != (marks != 0)) return false;
                if ((marks & ~in_page) != 0) return false;
            }
            if (!page) continue;
            if ((page->marks[0] & page->marks[1]) != 0) return false;
            if ((page->live & ~page->stored) != 0) return false;
            if (static_cast<uint32_t>(std::popcount(page->stored)) > page->capacity) return false;
            live += static_cast<uint64_t>(std::popcount(in_page));
        }
        for (unsigned m = 0; m < 2; ++m) {
            if (directory.marks[m] != 0) marked[m].push_back(entry.number);
        }
    }
    return live == size_ && marked == marked_;
}

}  // namespace quern::queue
