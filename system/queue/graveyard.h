// Messages of purged and dropped queues: out of sight already, their memory and bodies freed in slices.
#pragma once

#include <deque>
#include <vector>

#include "system/base/body_ref.h"
#include "system/queue/message_table.h"

namespace quern::queue {

struct Grave {
    QueueId queue;
    MessageTable messages;
};

class Graveyard {
public:
    void bury(QueueId queue, MessageTable messages) {
        if (messages.size() != 0) graves_.push_back({queue, std::move(messages)});
    }
    // Frees whole pages, oldest graves first, of at most `messages_max` messages together; their
    // bodies are appended to `dead`.
    void free_slice(size_t messages_max, std::vector<BodyRef>& dead);
    bool empty() const { return graves_.empty(); }
    const std::deque<Grave>& graves() const { return graves_; }

private:
    std::deque<Grave> graves_;
};

}  // namespace quern::queue
