// The live messages of one queue, by sequence number: pages of 64 messages in directories of 32 pages,
// in a sorted list of directories. Empty pages and directories are freed, so what lies between two live
// messages costs nothing, however far apart they are.
//
// A copy of the table shares everything with the original until one of them changes it (copy on
// write, page by page); making one costs 16 bytes and a count for 2,048 messages.
//
// Finding, changing and removing take constant time in dense tables, O(log directories) otherwise.
// The first ready (delayed) message is found through bit masks: no heap, nothing stale.
#pragma once

#include <vector>

#include "system/base/ids.h"
#include "system/queue/message_page.h"

namespace quern::queue {

// Greater than every sequence number.
constexpr MessageSeq no_message{~uint64_t{0}};

constexpr unsigned directory_pages = 32;

struct PageDirectory {
    uint32_t references = 1;
    uint32_t live = 0;                // bit p: page p has live messages
    std::array<uint32_t, 2> marks{};  // bit p: page p has ready (delayed) messages
    std::array<Shared<MessagePage>, directory_pages> pages;

    PageDirectory() = default;
    PageDirectory(const PageDirectory& o) : live(o.live), marks(o.marks), pages(o.pages) {}
    PageDirectory* duplicate() const { return new PageDirectory(*this); }
    void destroy() { delete this; }
};

class MessageTable {
public:
    // Adds a message behind all that were ever added. The record is zero.
    MessageRecord& append(MessageSeq seq, MessageState state);
    // nullptr if there is no such live message.
    const MessageRecord* find(MessageSeq seq) const;
    // Of a live message.
    MessageState state(MessageSeq seq) const;
    // The record of a live message for changing; valid until the next change of the table.
    MessageRecord& edit(MessageSeq seq, MessageState state);
    // Removes a live message.
    void erase(MessageSeq seq);

    // The first live (ready, delayed) message at or after `from`, or no_message.
    MessageSeq next(MessageSeq from) const;
    MessageSeq next_ready(MessageSeq from) const { return next_marked(0, from); }
    MessageSeq next_delayed(MessageSeq from) const { return next_marked(1, from); }
    // The first live message sent after `sent_ms`; messages are sent in the order of their numbers.
    MessageSeq first_sent_after(int64_t sent_ms) const;

    // The first page with live messages whose number (seq / 64) is at least `from`; nullptr if none.
    const MessagePage* next_page(uint64_t from, uint64_t& number) const;
    // Removes page `number`, which has live messages, and with it all of them.
    void erase_page(uint64_t number);
    // Puts a whole page behind all there are (restoring a snapshot).
    void append_page(uint64_t number, Shared<MessagePage> page);

    uint64_t size() const { return size_; }
    size_t memory_bytes() const;
    // Whether masks, lists and counts agree with each other.
    bool consistent() const;

private:
    struct Entry {
        uint64_t number = 0;  // seq / 2048
        Shared<PageDirectory> directory;
    };

    MessageSeq next_marked(unsigned mark, MessageSeq from) const;
    size_t lower_bound(uint64_t number) const;
    // The entry's index, or directories_.size().
    size_t find_directory(uint64_t number) const;
    PageDirectory& directory_for_append(uint64_t number);
    void free_empty_tail(uint64_t new_page);
    void page_mark(uint64_t page_number, PageDirectory& directory, MessagePage& page, unsigned bit,
                   MessageState state);
    void update_marks(uint64_t page_number, PageDirectory& directory, const MessagePage& page);
    void page_emptied(size_t entry, unsigned page_slot);
    bool is_tail(size_t entry, unsigned page_slot) const;

    std::vector<Entry> directories_;                      // ascending
    std::array<std::vector<uint64_t>, 2> marked_;         // directories with ready (delayed) ones
    uint64_t size_ = 0;
    uint64_t tail_page_ = 0;  // the page of the last message added
};

}  // namespace quern::queue
