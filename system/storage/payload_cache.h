// Payloads of recently written entries, bounded by bytes, first in first out. Holds references,
// never copies.
#pragma once

#include <deque>
#include <map>
#include <optional>

#include "system/base/buffer.h"
#include "system/base/ids.h"

namespace quern::storage {

class PayloadCache {
public:
    explicit PayloadCache(uint64_t bytes_max) : bytes_max_(bytes_max) {}

    // Does not evict: what is on its way to the disk cannot be read back yet. trim() does.
    void put(GroupId group, LogIndex index, Buffer payload) {
        add(group, index, std::move(payload));
    }
    // The entry exists, but its payload is not to be had: keeps the ones before it findable.
    void put_absent(GroupId group, LogIndex index) { add(group, index, std::nullopt); }
    // Forgets entries at and above `from`.
    void cut(GroupId group, LogIndex from);
    void forget(GroupId group);
    void trim();

    // Null if it is not here. An empty payload is found like any other.
    const Buffer* find(GroupId group, LogIndex index) const;
    uint64_t bytes() const { return bytes_; }

private:
    // What an entry costs beyond its payload.
    static constexpr uint64_t overhead_bytes = 64;
    struct Window {
        LogIndex first;
        std::deque<std::optional<Buffer>> payloads;
        LogIndex end() const { return first.plus(payloads.size()); }
    };
    struct Arrival {
        GroupId group;
        LogIndex index;
    };
    void add(GroupId group, LogIndex index, std::optional<Buffer> payload);
    static uint64_t cost(const std::optional<Buffer>& payload) {
        return overhead_bytes + (payload ? payload->size() : 0);
    }
    void drop_front(Window& window);

    uint64_t bytes_max_;
    uint64_t bytes_ = 0;
    std::map<GroupId, Window> windows_;
    std::deque<Arrival> arrivals_;  // may name entries that were cut meanwhile
};

}  // namespace quern::storage
