// The insides of GroupState. Everything here is either in GroupImage or follows from it.
#pragma once

#include <map>

#include "system/queue/group_image.h"
#include "system/queue/stored_reply.h"

namespace quern::queue {

class GroupState::Impl {
public:
    Impl() = default;
    explicit Impl(GroupImage image);

    void begin_entry(LogIndex index, ClusterTime stamped);
    Reply apply(const Command& command, const uint8_t* payload);

    QueueState* find(QueueId id) const;
    ClusterTime next_deadline();
    GroupImage image() const;
    void check_invariants();

    LogIndex index;
    ClusterTime time;
    CatalogueVersion floor;
    std::map<QueueId, QueueState> queues;
    SessionTable sessions;
    Graveyard graveyard;
    RollingHash hash;

    // Outputs, taken by the driver.
    std::vector<BodyRef> dead;
    std::vector<QueueId> ready;  // each once; QueueState::announced
    std::vector<QueueId> dropped;

private:
    Reply apply_to_queue(const Command& command, const uint8_t* payload);
    Reply execute(QueueState& queue, const Command& command, ApplyContext& ctx);
    Reply ensure(const Command& command, const EnsureQueue& operation);
    Reply drop(const Command& command);
    Reply repeat(const Command& command, OperationKind kind, const std::string& stored) const;
    // To be called after every change of a queue: keeps schedules and the list of ready queues.
    void changed(QueueState& queue);
    ApplyContext context(const uint8_t* payload) {
        return {index, time, payload, hash, dead, graveyard};
    }
    template <bool due>
    auto finder();
    template <bool due>
    void sweep(QueueSchedule& schedule);

    QueueSchedule due_schedule_;
    QueueSchedule excess_schedule_;
    mutable QueueState* last_found_ = nullptr;
};

}  // namespace quern::queue
