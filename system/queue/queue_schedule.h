// Which queue has work next: a heap of (time, queue) in which each queue stands with a time at or before
// its true deadline. A queue that comes up too early is put back with its true one, so the answer is
// exact and depends on the queues alone, while most changes of a deadline cost nothing.
#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <vector>

#include "system/base/ids.h"
#include "system/base/time.h"

namespace quern::queue {

// What a queue remembers about its place in a schedule.
struct Scheduled {
    ClusterTime at = ClusterTime::never();  // its entry in the heap; never(): none
};

class QueueSchedule {
public:
    struct Item {
        ClusterTime at;
        QueueId queue;
        auto operator<=>(const Item&) const = default;
    };

    // After a change of the queue: `deadline` is its true one.
    void note(QueueId queue, Scheduled& place, ClusterTime deadline) {
        if (deadline >= place.at) return;
        push(queue, place, deadline);
    }

    // The queue with the earliest deadline, of several the one with the lowest id. `find(id)` yields
    // std::pair<Scheduled*, ClusterTime true_deadline>, with nullptr if the queue is gone.
    template <typename Find>
    std::optional<Item> first(Find find) {
        while (!heap_.empty()) {
            const Item top = heap_.front();
            const auto [place, deadline] = find(top.queue);
            if (place != nullptr && place->at == top.at && deadline == top.at) return top;
            const bool stands = place != nullptr && place->at == top.at;
            std::pop_heap(heap_.begin(), heap_.end(), std::greater<>());
            heap_.pop_back();
            if (!stands) continue;
            place->at = ClusterTime::never();
            if (deadline != ClusterTime::never()) push(top.queue, *place, deadline);
        }
        return std::nullopt;
    }

    // Bounds entries that were overtaken by earlier ones of the same queue.
    template <typename Find>
    void limit_stale(size_t queues, Find find) {
        if (heap_.size() <= 2 * queues + 64) return;
        std::erase_if(heap_, [&](const Item& item) {
            const auto place = find(item.queue).first;
            return place == nullptr || place->at != item.at;
        });
        std::sort(heap_.begin(), heap_.end());
        heap_.erase(std::unique(heap_.begin(), heap_.end()), heap_.end());
    }

    size_t size() const { return heap_.size(); }
    const std::vector<Item>& items() const { return heap_; }

private:
    void push(QueueId queue, Scheduled& place, ClusterTime at) {
        place.at = at;
        heap_.push_back({at, queue});
        std::push_heap(heap_.begin(), heap_.end(), std::greater<>());
    }

    std::vector<Item> heap_;
};

}  // namespace quern::queue
