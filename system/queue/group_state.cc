#include "system/queue/group_state.h"

#include <algorithm>

#include "system/queue/group_impl.h"

namespace quern::queue {

GroupState::GroupState() : impl_(std::make_unique<Impl>()) {}
GroupState::~GroupState() = default;
GroupState::GroupState(GroupState&&) noexcept = default;
GroupState& GroupState::operator=(GroupState&&) noexcept = default;

void GroupState::begin_entry(LogIndex index, ClusterTime stamped) {
    impl_->begin_entry(index, stamped);
}

Reply GroupState::apply(const Command& command, const uint8_t* payload) {
    return impl_->apply(command, payload);
}

std::vector<BodyRef> GroupState::take_dead_bodies() { return std::exchange(impl_->dead, {}); }

std::vector<QueueId> GroupState::take_ready_queues() {
    std::vector<QueueId> ready = std::exchange(impl_->ready, {});
    for (const QueueId id : ready) impl_->find(id)->announced = false;
    std::sort(ready.begin(), ready.end());
    return ready;
}

std::vector<QueueId> GroupState::take_dropped_queues() { return std::exchange(impl_->dropped, {}); }

LogIndex GroupState::index() const { return impl_->index; }
ClusterTime GroupState::time() const { return impl_->time; }
ClusterTime GroupState::next_deadline() const { return impl_->next_deadline(); }
bool GroupState::has_queue(QueueId queue) const { return impl_->find(queue) != nullptr; }
CatalogueVersion GroupState::catalogue_floor() const { return impl_->floor; }

bool GroupState::remembers(UserId principal, const Token& token) const {
    return token.session && impl_->sessions.remembers(principal, token);
}

bool GroupState::has_ready(QueueId queue) const {
    const QueueState* state = impl_->find(queue);
    return state != nullptr && state->has_ready(impl_->time);
}

const Attributes* GroupState::attributes(QueueId queue) const {
    const QueueState* state = impl_->find(queue);
    return state == nullptr ? nullptr : &state->data().attributes;
}

CatalogueVersion GroupState::record_version(QueueId queue) const {
    const QueueState* state = impl_->find(queue);
    return state == nullptr ? CatalogueVersion{} : state->data().version;
}

Counters GroupState::counters(QueueId queue) const {
    const QueueState* state = impl_->find(queue);
    return state == nullptr ? Counters{} : state->data().counters;
}

std::vector<QueueId> GroupState::queues() const {
    std::vector<QueueId> ids;
    ids.reserve(impl_->queues.size());
    for (const auto& [id, queue] : impl_->queues) ids.push_back(id);
    return ids;
}

std::vector<GroupState::Peeked> GroupState::peek(QueueId queue, MessageSeq from,
                                                 size_t count_max) const {
    std::vector<Peeked> messages;
    const QueueState* state = impl_->find(queue);
    if (state == nullptr) return messages;
    const QueueData& data = state->data();
    const MessageSeq current = data.first_current(impl_->time);
    if (current == no_message) return messages;
    for (MessageSeq seq = data.table.next(std::max(from, current));
         seq != no_message && messages.size() < count_max; seq = data.table.next(seq.next())) {
        const MessageRecord& record = *data.table.find(seq);
        // A lease or delay that is over but not swept yet counts as over.
        const bool waiting = record.due_ms > impl_->time.ms;
        const MessageState now = waiting ? data.table.state(seq) : MessageState::ready;
        messages.push_back({delivery_of(seq, record), now});
    }
    return messages;
}

ClusterTime GroupState::oldest_sent(QueueId queue) const {
    const QueueState* state = impl_->find(queue);
    if (state == nullptr) return ClusterTime::never();
    const MessageSeq first = state->data().first_current(impl_->time);
    if (first == no_message) return ClusterTime::never();
    return ClusterTime{state->data().table.find(first)->sent_ms};
}

uint64_t GroupState::memory_bytes() const {
    uint64_t bytes = sizeof(Impl) + session_memory_bytes();
    for (const auto& [id, queue] : impl_->queues) bytes += queue.memory_bytes();
    for (const Grave& grave : impl_->graveyard.graves()) bytes += grave.messages.memory_bytes();
    return bytes;
}

uint64_t GroupState::session_memory_bytes() const {
    return impl_->sessions.results_bytes() + impl_->sessions.size() * (sizeof(SessionData) + 128);
}

std::unique_ptr<FrozenGroup> GroupState::freeze() const { return make_frozen(impl_->image()); }

Result<GroupState> GroupState::restore(const std::vector<Buffer>& chunks) {
    Result<GroupImage> image = decode_image(chunks);
    if (!image) return fail(std::move(image.error()));
    GroupState state;
    state.impl_ = std::make_unique<Impl>(std::move(*image));
    if (!state.impl_->sessions.consistent()) {
        return fail(ErrorCode::corrupt, "group state: sessions out of order");
    }
    return state;
}

uint64_t GroupState::rolling_hash() const { return impl_->hash.value(); }

uint64_t GroupState::state_hash() const {
    // The encoding is the same for equal states; a fixed slicing makes the hash so too.
    constexpr size_t slice_bytes = 64 * 1024;
    const std::unique_ptr<FrozenGroup> frozen = freeze();
    RollingHash hash;
    for (Buffer chunk = frozen->next_chunk(slice_bytes); !chunk.empty();
         chunk = frozen->next_chunk(slice_bytes)) {
        hash.add(chunk.span());
    }
    return hash.value();
}

void GroupState::check_invariants() const { impl_->check_invariants(); }

}  // namespace quern::queue
