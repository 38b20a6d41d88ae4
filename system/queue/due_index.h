// When the next lease or delay of a queue ends: a heap of (time, message).
//
// Entries are not removed when a message's time changes or it goes; they are told from valid ones when
// they come up, and the heap is rebuilt when more than half of it is stale. So it holds at most twice
// the leased and delayed messages (plus a constant), and what it answers depends on the table alone.
#pragma once

#include <vector>

#include "system/base/time.h"
#include "system/queue/message_table.h"

namespace quern::queue {

struct DueMessage {
    int64_t due_ms = 0;
    MessageSeq seq;
    auto operator<=>(const DueMessage&) const = default;
};

class DueIndex {
public:
    void add(int64_t due_ms, MessageSeq seq);
    // The leased or delayed message that is due first; of several the oldest. nullptr if there is none.
    const DueMessage* first(const MessageTable& table) const;
    // Bounds the stale part; `valid_count` is the number of leased and delayed messages.
    void limit_stale(const MessageTable& table, uint64_t valid_count);
    // Rebuilds from the table.
    void rebuild(const MessageTable& table);
    void clear() { heap_.clear(); }
    size_t size() const { return heap_.size(); }
    size_t memory_bytes() const { return heap_.capacity() * sizeof(DueMessage); }
    // Whether each leased and delayed message is there. O(messages).
    bool covers(const MessageTable& table) const;

private:
    static bool valid(const MessageTable& table, const DueMessage& item);

    // A min-heap; first() drops stale entries from its top, which no caller can see.
    mutable std::vector<DueMessage> heap_;
};

}  // namespace quern::queue
