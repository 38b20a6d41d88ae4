// Where the stored bodies of one group lie: 24 bytes a body, sorted by (entry index, offset).
// Sorted chunks instead of a tree of single bodies: bodies come mostly in rising order and go in
// any.
#pragma once

#include <cstddef>
#include <map>
#include <utility>
#include <vector>

#include "system/base/body_ref.h"

namespace quern::storage {

struct BodySlot {
    uint64_t index = 0;
    uint32_t offset_bytes = 0;
    uint32_t size_bytes = 0;
    uint32_t segment = 0;
    uint32_t unit = 0;  // file offset / body_align_bytes
    BodyRef body() const { return {LogIndex(index), offset_bytes, size_bytes}; }
};

class BodyIndex {
public:
    // False, and nothing changed, if the body is there already.
    bool insert(const BodySlot& slot);
    // Null if it is not there. Valid until the next change.
    BodySlot* find(const BodyRef& body);
    void erase(const BodyRef& body);
    void clear();
    size_t size() const { return size_; }
    // Visits the slots after `after` up to `through` in order; the visitor returns false for slots
    // to erase.
    template <typename Visit>
    void filter(const BodyRef& after, const BodyRef& through, Visit visit) {
        auto it = chunk_for(key_of(after));
        if (it == chunks_.end()) it = chunks_.begin();
        while (it != chunks_.end() && it->first <= key_of(through)) {
            Chunk& chunk = it->second;
            std::erase_if(chunk, [&](const BodySlot& slot) {
                if (slot.body() <= after || slot.body() > through || visit(slot)) return false;
                --size_;
                return true;
            });
            it = chunk.empty() ? chunks_.erase(it) : std::next(it);
        }
    }

private:
    static constexpr size_t chunk_slots_max = 512;
    using Key = std::pair<uint64_t, uint32_t>;
    using Chunk = std::vector<BodySlot>;
    using Chunks = std::map<Key, Chunk>;  // by a key not above the first slot's
    static Key key_of(const BodyRef& body) { return {body.index.value, body.offset_bytes}; }
    static Key key_of(const BodySlot& slot) { return {slot.index, slot.offset_bytes}; }
    Chunks::iterator chunk_for(const Key& key);

    Chunks chunks_;
    size_t size_ = 0;
};

}  // namespace quern::storage
