#include "system/raft/progress.h"

#include <algorithm>

namespace quern::raft {

void Window::add(LogIndex last, size_t bytes) {
    if (count_ == ring_.size()) {
        std::vector<Flight> larger(std::max<size_t>(4, ring_.size() * 2));
        for (size_t i = 0; i < count_; ++i) larger[i] = ring_[(head_ + i) % ring_.size()];
        ring_ = std::move(larger);
        head_ = 0;
    }
    ring_[(head_ + count_) % ring_.size()] = {last, bytes};
    ++count_;
    bytes_ += bytes;
}

void Window::acknowledge(LogIndex index) {
    while (count_ > 0 && ring_[head_].last <= index) {
        bytes_ -= ring_[head_].bytes;
        head_ = (head_ + 1) % ring_.size();
        --count_;
    }
}

void Window::clear() {
    head_ = 0;
    count_ = 0;
    bytes_ = 0;
}

bool Progress::blocked() const {
    if (loading || state == PeerState::snapshot) return true;
    return state == PeerState::probe ? paused : window.full();
}

bool Progress::acknowledge(LogIndex index) {
    paused = false;
    window.acknowledge(index);
    if (index <= match && state == PeerState::replicate) return false;
    const bool news = index > match;
    match = std::max(match, index);
    next = std::max(next, match.next());
    if (state == PeerState::probe) state = PeerState::replicate;
    return news;
}

bool Progress::refuse(LogIndex refused, LogIndex continue_at, bool lost) {
    if (state == PeerState::snapshot || !refused) return false;
    if (lost) {
        if (refused >= next) return false;
        match = std::min(match, continue_at);
    } else if (state == PeerState::replicate) {
        if (refused <= match) return false;
    } else if (refused != next.prev()) {
        return false;
    }
    next = std::max(match, std::min(continue_at, refused.prev())).next();
    to_probe();
    return true;
}

void Progress::sent(LogIndex last, size_t bytes) {
    if (state == PeerState::probe) {
        paused = true;
        return;
    }
    next = last.next();
    window.add(last, bytes);
}

void Progress::to_probe() {
    state = PeerState::probe;
    paused = false;
    window.clear();
}

void Progress::to_snapshot() {
    state = PeerState::snapshot;
    paused = false;
    window.clear();
}

}  // namespace quern::raft
