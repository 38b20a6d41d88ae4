// A bounded map of versioned answers ("this record" or "no such record", as of a version) that
// never takes an answer older than what it has seen. Least recently used answers are dropped beyond
// the bound; of those, and of changes to what it does not hold, it remembers the version in a
// bounded table of tombstones; when that overflows, answers below the version of the oldest
// tombstone are refused wholesale (a refused answer is asked for again). Order of use alone decides
// what is dropped.
#pragma once

#include <deque>
#include <list>
#include <map>
#include <optional>

#include "system/base/assert.h"
#include "system/base/ids.h"

namespace quern::metadata {

// Observer: added(const Key&, const Value&) and removed(const Key&, const Value&), for each value
// held.
template <typename Key, typename Value, typename Observer>
class VersionedLru {
public:
    VersionedLru(size_t entries_max, size_t tombstones_max, Observer& observer)
        : entries_max_(entries_max), tombstones_max_(tombstones_max), observer_(observer) {
        QUERN_ASSERT(entries_max > 0 && tombstones_max > 0);
    }

    // nullptr: not held. An empty optional: known to be absent. Counts as a use.
    const std::optional<Value>* use(const Key& key) {
        const auto found = entries_.find(key);
        if (found == entries_.end()) return nullptr;
        order_.splice(order_.begin(), order_, found->second.position);
        return &found->second.value;
    }
    const std::optional<Value>* peek(const Key& key) const {
        const auto found = entries_.find(key);
        return found == entries_.end() ? nullptr : &found->second.value;
    }

    // The newest version of `key` that was ever seen, or a bound above it.
    CatalogueVersion seen(const Key& key) const {
        if (const auto found = entries_.find(key); found != entries_.end()) {
            return std::max(found->second.as_of, floor_);
        }
        const auto tombstone = tombstones_.find(key);
        return tombstone == tombstones_.end() ? floor_ : std::max(tombstone->second, floor_);
    }

    // Takes an answer as of `version`. False: something newer was seen; nothing is changed.
    bool put(const Key& key, std::optional<Value> value, CatalogueVersion version) {
        if (version < seen(key)) return false;
        remove(key);
        if (entries_.size() >= entries_max_) drop(order_.back());
        order_.push_front(key);
        if (value) observer_.added(key, *value);
        entries_.emplace(key, Entry{std::move(value), version, order_.begin()});
        return true;
    }

    // Something happened to `key` at `version`: what is held below it is dropped, and no answer
    // below it is taken any more.
    void invalidate(const Key& key, CatalogueVersion version) {
        if (version < seen(key)) return;
        remove(key);
        remember(key, version);
    }
    // Drops what is held of `key`; answers at its version or above are taken.
    void drop(Key key) {
        const auto found = entries_.find(key);
        if (found == entries_.end()) return;
        const CatalogueVersion as_of = found->second.as_of;
        remove(key);
        remember(key, as_of);
    }
    // No answer below `floor` is taken any more.
    void raise_floor(CatalogueVersion floor) { floor_ = std::max(floor_, floor); }
    // Drops everything held.
    void clear() {
        while (!order_.empty())
            remove(Key(order_.back()));
        tombstones_.clear();
        tombstone_order_.clear();
    }

    size_t size() const { return entries_.size(); }
    size_t tombstone_count() const { return tombstone_order_.size(); }

private:
    struct Entry {
        std::optional<Value> value;
        CatalogueVersion as_of;
        typename std::list<Key>::iterator position;
    };

    void remove(const Key& key) {
        const auto found = entries_.find(key);
        if (found == entries_.end()) return;
        if (found->second.value) observer_.removed(key, *found->second.value);
        const auto position = found->second.position;
        entries_.erase(found);
        order_.erase(position);
    }

    void remember(const Key& key, CatalogueVersion version) {
        CatalogueVersion& known = tombstones_[key];
        known = std::max(known, version);
        tombstone_order_.push_back(key);
        while (tombstone_order_.size() > tombstones_max_) {
            const auto oldest = tombstones_.find(tombstone_order_.front());
            if (oldest != tombstones_.end()) {
                raise_floor(oldest->second);
                tombstones_.erase(oldest);
            }
            tombstone_order_.pop_front();
        }
    }

    size_t entries_max_;
    size_t tombstones_max_;
    Observer& observer_;
    CatalogueVersion floor_;
    std::map<Key, Entry> entries_;
    std::list<Key> order_;  // most recently used first
    std::map<Key, CatalogueVersion> tombstones_;
    std::deque<Key> tombstone_order_;  // oldest first; a key may stand here twice
};

}  // namespace quern::metadata
