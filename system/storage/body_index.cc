#include "system/storage/body_index.h"

#include <algorithm>

namespace quern::storage {

BodyIndex::Chunks::iterator BodyIndex::chunk_for(const Key& key) {
    auto after = chunks_.upper_bound(key);
    return after == chunks_.begin() ? chunks_.end() : std::prev(after);
}

bool BodyIndex::insert(const BodySlot& slot) {
    const Key key = key_of(slot);
    auto it = chunk_for(key);
    if (it == chunks_.end()) {
        chunks_[key].push_back(slot);
        ++size_;
        return true;
    }
    Chunk& chunk = it->second;
    const auto at = std::lower_bound(chunk.begin(), chunk.end(), key,
                                     [](const BodySlot& s, const Key& k) { return key_of(s) < k; });
    if (at != chunk.end() && key_of(*at) == key) return false;
    ++size_;
    if (chunk.size() < chunk_slots_max) {
        chunk.insert(at, slot);
    } else if (at == chunk.end()) {
        chunks_[key].push_back(slot);
    } else {
        Chunk upper(at, chunk.end());
        chunk.erase(at, chunk.end());
        chunk.push_back(slot);
        const Key upper_key = key_of(upper.front());
        chunks_.emplace(upper_key, std::move(upper));
    }
    return true;
}

BodySlot* BodyIndex::find(const BodyRef& body) {
    const Key key = key_of(body);
    const auto it = chunk_for(key);
    if (it == chunks_.end()) return nullptr;
    Chunk& chunk = it->second;
    const auto at = std::lower_bound(chunk.begin(), chunk.end(), key,
                                     [](const BodySlot& s, const Key& k) { return key_of(s) < k; });
    if (at == chunk.end() || at->body() != body) return nullptr;
    return &*at;
}

void BodyIndex::erase(const BodyRef& body) {
    const BodySlot* slot = find(body);
    if (slot == nullptr) return;
    const auto it = chunk_for(key_of(body));
    Chunk& chunk = it->second;
    chunk.erase(chunk.begin() + (slot - chunk.data()));
    --size_;
    if (chunk.empty()) chunks_.erase(it);
}

void BodyIndex::clear() {
    chunks_.clear();
    size_ = 0;
}

}  // namespace quern::storage
