#include "system/storage/payload_cache.h"

namespace quern::storage {

void PayloadCache::add(GroupId group, LogIndex index, std::optional<Buffer> payload) {
    cut(group, index);
    Window& window = windows_[group];
    if (window.end() != index) {
        while (!window.payloads.empty())
            drop_front(window);
        window.first = index;
    }
    bytes_ += cost(payload);
    window.payloads.push_back(std::move(payload));
    arrivals_.push_back({group, index});
}

void PayloadCache::drop_front(Window& window) {
    bytes_ -= cost(window.payloads.front());
    window.payloads.pop_front();
    window.first = window.first.next();
}

void PayloadCache::cut(GroupId group, LogIndex from) {
    const auto it = windows_.find(group);
    if (it == windows_.end()) return;
    Window& window = it->second;
    while (!window.payloads.empty() && window.end() > from) {
        bytes_ -= cost(window.payloads.back());
        window.payloads.pop_back();
    }
}

void PayloadCache::forget(GroupId group) {
    const auto it = windows_.find(group);
    if (it == windows_.end()) return;
    while (!it->second.payloads.empty())
        drop_front(it->second);
    windows_.erase(it);
}

void PayloadCache::trim() {
    const uint64_t arrivals_max = 64 + 2 * (bytes_max_ / overhead_bytes);
    while (!arrivals_.empty() && (bytes_ > bytes_max_ || arrivals_.size() > arrivals_max)) {
        const Arrival oldest = arrivals_.front();
        arrivals_.pop_front();
        const auto it = windows_.find(oldest.group);
        if (it == windows_.end()) continue;
        Window& window = it->second;
        // Evicting from the front keeps the window whole; what stands before `oldest` is older.
        while (!window.payloads.empty() && window.first <= oldest.index)
            drop_front(window);
    }
}

const Buffer* PayloadCache::find(GroupId group, LogIndex index) const {
    const auto it = windows_.find(group);
    if (it == windows_.end()) return nullptr;
    const Window& window = it->second;
    if (index < window.first || index >= window.end()) return nullptr;
    const auto& payload = window.payloads[index.value - window.first.value];
    return payload ? &*payload : nullptr;
}

}  // namespace quern::storage
