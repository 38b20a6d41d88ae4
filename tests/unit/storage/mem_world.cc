#include "tests/unit/storage/mem_world.h"

namespace quern::test {

using namespace storage;

Options MemWorld::small_options() {
    Options options;
    options.segment_bytes = 64 * 1024;
    options.reserve_segments = 2;
    options.payload_cache_bytes = 16 * 1024;
    options.body_segment_bytes = 16 * 1024;
    options.soft_free_bytes = 512 * 1024;
    options.hard_free_bytes = 128 * 1024;
    return options;
}

TimerId MemWorld::start(Instant deadline, Callback<void()> expired) {
    timers_[next_timer_] = {deadline, std::move(expired)};
    return TimerId(next_timer_++);
}

void MemWorld::run() {
    while (!tasks_.empty() && !disk.crashed) {
        Callback<void()> task = std::move(tasks_.front());
        tasks_.pop_front();
        task();
    }
}

void MemWorld::run_for(Duration duration) {
    const Instant end = now_ + duration;
    for (;;) {
        run();
        if (disk.crashed) return;
        auto first = timers_.end();
        for (auto it = timers_.begin(); it != timers_.end(); ++it) {
            if (first == timers_.end() || it->second.deadline < first->second.deadline) first = it;
        }
        if (first == timers_.end() || first->second.deadline > end) break;
        now_ = std::max(now_, first->second.deadline);
        Callback<void()> expired = std::move(first->second.expired);
        timers_.erase(first);
        expired();
    }
    now_ = end;
}

void MemWorld::forget() {
    tasks_.clear();
    timers_.clear();
}

Result<void> MemWorld::format() {
    Result<void> result = fail(ErrorCode::cancelled);
    NodeStorage::format(env, identity, [&](Result<void> done) { result = std::move(done); });
    run();
    return result;
}

Result<std::unique_ptr<NodeStorage>> MemWorld::open() {
    Result<std::unique_ptr<NodeStorage>> result = fail(ErrorCode::cancelled);
    NodeStorage::open(env, options, [&](Result<std::unique_ptr<NodeStorage>> opened) {
        result = std::move(opened);
    });
    run();
    return result;
}

Result<void> MemWorld::commit(NodeStorage& storage, std::vector<GroupChange> changes) {
    auto result = std::make_shared<Result<void>>(fail(ErrorCode::cancelled));
    storage.write(std::move(changes), [result](Result<void> done) { *result = std::move(done); });
    run();
    return *result;
}

GroupChange create_group(uint32_t group) {
    GroupChange change;
    change.group = GroupId(group);
    change.create = true;
    change.incarnation = {9, group};
    return change;
}

GroupChange entries(uint32_t group, uint64_t first, uint64_t term,
                    const std::vector<std::string>& payloads) {
    GroupChange change;
    change.group = GroupId(group);
    for (const std::string& payload : payloads) {
        change.entries.push_back(
            {GroupId(group), LogIndex(first++), Term(term), 1, Buffer::copy_of(payload)});
    }
    return change;
}

GroupChange hard_state(uint32_t group, uint64_t term, uint32_t vote) {
    GroupChange change;
    change.group = GroupId(group);
    change.has_hard_state = true;
    change.term = Term(term);
    change.voted_for = NodeId(vote);
    return change;
}

std::string text_of(const std::vector<WalEntry>& entries) {
    std::string text;
    for (const WalEntry& entry : entries) {
        if (!text.empty()) text += ' ';
        text += std::to_string(entry.index.value) + "@" + std::to_string(entry.term.value) + ":" +
                std::string(entry.payload.text().substr(0, 8));
    }
    return text;
}

std::string text_of(const RecoveredGroup& group) { return text_of(group.entries); }

}  // namespace quern::test
