#include "system/queue/graveyard.h"

namespace quern::queue {

void Graveyard::free_slice(size_t messages_max, std::vector<BodyRef>& dead) {
    size_t left = messages_max;
    while (!graves_.empty()) {
        MessageTable& table = graves_.front().messages;
        uint64_t number = 0;
        const MessagePage* page = table.next_page(0, number);
        QUERN_ASSERT(page != nullptr);
        const auto count = static_cast<size_t>(std::popcount(page->live));
        if (count > left) return;
        left -= count;
        for (uint64_t mask = page->live; mask != 0; mask &= mask - 1) {
            const MessageRecord& r = page->record(static_cast<unsigned>(std::countr_zero(mask)));
            dead.push_back({LogIndex{r.index}, r.offset_bytes, r.size_bytes});
        }
        table.erase_page(number);
        if (table.size() == 0) graves_.pop_front();
    }
}

}  // namespace quern::queue
