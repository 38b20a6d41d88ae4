// Queue ids learnt from responses, by name: with the id a balancer needs no look-up by name. Bounded;
// the least recently used name goes first.
#pragma once

#include <list>
#include <map>
#include <string>

#include "system/base/ids.h"

namespace quern::client {

class QueueIds {
public:
    explicit QueueIds(size_t count_max) : count_max_(count_max) {}

    QueueId find(const std::string& name) {
        const auto found = by_name_.find(name);
        if (found == by_name_.end()) return {};
        order_.splice(order_.begin(), order_, found->second.place);
        return found->second.id;
    }
    void learn(const std::string& name, QueueId id) {
        if (name.empty() || !id || count_max_ == 0) return;
        const auto [at, inserted] = by_name_.try_emplace(name);
        at->second.id = id;
        if (!inserted) return;
        order_.push_front(name);
        at->second.place = order_.begin();
        if (by_name_.size() <= count_max_) return;
        by_name_.erase(order_.back());
        order_.pop_back();
    }
    void forget(const std::string& name) {
        const auto found = by_name_.find(name);
        if (found == by_name_.end()) return;
        order_.erase(found->second.place);
        by_name_.erase(found);
    }
    size_t size() const { return by_name_.size(); }

private:
    struct Entry {
        QueueId id;
        std::list<std::string>::iterator place;
    };
    size_t count_max_;
    std::map<std::string, Entry> by_name_;
    std::list<std::string> order_;  // most recently used first
};

}  // namespace quern::client
