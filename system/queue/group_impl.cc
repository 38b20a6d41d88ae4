// Time and sweeping, and what a group's state is made of.
#include "system/queue/group_impl.h"

#include "system/base/planted_bug.h"

namespace quern::queue {

GroupState::Impl::Impl(GroupImage image)
    : index(image.index), time(image.time), floor(image.catalogue_floor),
      sessions(std::move(image.sessions), image.forgotten_expires) {
    hash.set(image.rolling_hash);
    for (QueueImage& q : image.queues) {
        auto it = queues.emplace_hint(queues.end(), std::piecewise_construct,
                                      std::forward_as_tuple(q.id),
                                      std::forward_as_tuple(q.id, std::move(q.data)));
        changed(it->second);
    }
    for (Grave& grave : image.graves) graveyard.bury(grave.queue, std::move(grave.messages));
}

GroupImage GroupState::Impl::image() const {
    GroupImage image;
    image.index = index;
    image.time = time;
    image.catalogue_floor = floor;
    image.rolling_hash = hash.value();
    image.forgotten_expires = sessions.forgotten_expires();
    if (!PLANTED(tokens_not_in_snapshot)) image.sessions = sessions.share();
    image.queues.reserve(queues.size());
    for (const auto& [id, queue] : queues) image.queues.push_back({id, queue.share()});
    image.graves.assign(graveyard.graves().begin(), graveyard.graves().end());
    return image;
}

QueueState* GroupState::Impl::find(QueueId id) const {
    if (last_found_ != nullptr && last_found_->id() == id) return last_found_;
    auto it = queues.find(id);
    if (it == queues.end()) return nullptr;
    last_found_ = const_cast<QueueState*>(&it->second);
    return last_found_;
}

template <bool due>
auto GroupState::Impl::finder() {
    return [this](QueueId id) -> std::pair<Scheduled*, ClusterTime> {
        auto it = queues.find(id);
        if (it == queues.end()) return {nullptr, ClusterTime::never()};
        QueueState& queue = it->second;
        if constexpr (due) return {&queue.due_place, queue.due_deadline()};
        return {&queue.excess_place, queue.excess_deadline()};
    };
}

void GroupState::Impl::changed(QueueState& queue) {
    due_schedule_.note(queue.id(), queue.due_place, queue.due_deadline());
    excess_schedule_.note(queue.id(), queue.excess_place, queue.excess_deadline());
    due_schedule_.limit_stale(queues.size(), finder<true>());
    excess_schedule_.limit_stale(queues.size(), finder<false>());
    if (queue.take_became_ready() && !queue.announced) {
        queue.announced = true;
        ready.push_back(queue.id());
    }
}

template <bool due>
void GroupState::Impl::sweep(QueueSchedule& schedule) {
    ApplyContext ctx = context(nullptr);
    size_t left = limits::sweep_messages_per_entry_max;
    while (left > 0) {
        const auto first = schedule.first(finder<due>());
        if (!first || first->at > time) return;
        QueueState& queue = *find(first->queue);
        hash.add(queue.id().value);
        const size_t done = due ? queue.sweep_due(ctx, left) : queue.sweep_excess(ctx, left);
        QUERN_ASSERT(done > 0 && done <= left);
        left -= done;
        changed(queue);
    }
}

// What is past retention goes first, so that a lease that ends at the same time brings nothing back.
void GroupState::Impl::begin_entry(LogIndex entry, ClusterTime stamped) {
    QUERN_ASSERT(entry == index.next());
    index = entry;
    time = std::max(time, std::min(stamped, ClusterTime{cluster_time_ms_max}));
    hash.add(index.value);
    hash.add(static_cast<uint64_t>(time.ms));
    sweep<false>(excess_schedule_);
    sweep<true>(due_schedule_);
    graveyard.free_slice(limits::sweep_messages_per_entry_max, dead);
    // A leader's first entry of its term has no time.
    if (PLANTED(tokens_in_leader_memory) && stamped == ClusterTime{}) sessions = SessionTable();
    sessions.expire_idle(time, limits::sweep_messages_per_entry_max);
}

ClusterTime GroupState::Impl::next_deadline() {
    if (!graveyard.empty()) return time;
    ClusterTime next = ClusterTime::never();
    if (const auto due = due_schedule_.first(finder<true>())) next = std::min(next, due->at);
    if (const auto excess = excess_schedule_.first(finder<false>())) next = std::min(next, excess->at);
    return std::max(next, time);
}

const char* violated(const QueueData& data, ClusterTime now) {
    const Counters& c = data.counters;
    if (!data.table.consistent()) return "masks of a table disagree";
    std::array<uint64_t, 3> count{};
    uint64_t bytes = 0;
    uint64_t leased_bytes = 0;
    int64_t sent_before = 0;
    uint64_t number = 0;
    for (const MessagePage* page = data.table.next_page(0, number); page != nullptr;
         page = data.table.next_page(number + 1, number)) {
        for (uint64_t left = page->live; left != 0; left &= left - 1) {
            const auto bit = static_cast<unsigned>(std::countr_zero(left));
            const MessageSeq seq{number * page_messages + bit};
            const MessageRecord& r = page->record(bit);
            const MessageState state = page->state(bit);
            ++count[static_cast<size_t>(state)];
            bytes += r.size_bytes;
            if (state == MessageState::leased) leased_bytes += r.size_bytes;
            if (seq.value == 0 || seq >= data.next_seq) return "a message was never sent";
            if (r.sent_ms < sent_before || r.sent_ms > now.ms) return "messages out of order of time";
            sent_before = r.sent_ms;
            if (r.body_bytes > r.size_bytes) return "a body larger than its message";
            if ((r.due_ms == 0) != (state == MessageState::ready) || r.due_ms < 0 ||
                r.due_ms > cluster_time_ms_max + span_ms_max) {
                return "a due time does not fit its state";
            }
            if ((state == MessageState::leased && r.epoch == 0) ||
                (state == MessageState::delayed && r.epoch != 0)) {
                return "a lease epoch does not fit its state";
            }
            if (r.received_ms < 0 || r.received_ms > now.ms || r.first_received_ms < 0 ||
                r.first_received_ms > r.received_ms) {
                return "receive times out of order";
            }
        }
    }
    if (count[0] != c.ready || count[1] != c.delayed || count[2] != c.leased) return "counts are wrong";
    if (bytes != c.live_bytes || leased_bytes != data.leased_bytes) return "byte counts are wrong";
    if (c.sent != c.live() + c.deleted + c.expired + c.purged + c.dropped) {
        return "messages are not conserved";
    }
    if (data.next_seq.value == 0 || c.sent != data.next_seq.value - 1) return "sends are miscounted";
    return nullptr;
}

void GroupState::Impl::check_invariants() {
    uint64_t announced = 0;
    for (const auto& [id, queue] : queues) {
        const char* wrong = violated(queue.data(), time);
        QUERN_ASSERT_MSG(wrong == nullptr, wrong);
        QUERN_ASSERT(queue.id() == id);
        QUERN_ASSERT(queue.due().covers(queue.data().table));
        const uint64_t waiting = queue.data().counters.leased + queue.data().counters.delayed;
        QUERN_ASSERT(queue.due().size() <= 2 * waiting + 64);
        QUERN_ASSERT(queue.due_place.at <= queue.due_deadline());
        QUERN_ASSERT(queue.excess_place.at <= queue.excess_deadline());
        if (queue.announced) ++announced;
    }
    QUERN_ASSERT(announced == ready.size());
    QUERN_ASSERT(sessions.consistent());
    for (const Grave& grave : graveyard.graves()) {
        QUERN_ASSERT(grave.messages.size() > 0 && grave.messages.consistent());
    }
}

}  // namespace quern::queue
