// The replicated state machine of one data group: many queues, their messages, leases and sessions.
// Pure and deterministic: the same entries give the same state on every replica, compiler and build
// (R16). Bodies stay outside: a live message costs one record of at most 64 bytes, in pages of a
// table per queue that are shared with a frozen snapshot until changed (copy on write).
//
// Time is the cluster time stamped into entries; it never goes back. Work that time makes due (leases
// that end, delays that pass, retention) is done at the start of an entry, at most
// limits::sweep_messages_per_entry_max messages each; the rest waits for the next entry. Purged and
// dropped messages are out of sight at once and freed in slices the same way.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "system/queue/command.h"

namespace quern::queue {

class GroupState;

// A state fixed at one index, while the group goes on. Cheap to make.
class FrozenGroup {
public:
    virtual ~FrozenGroup() = default;
    // The next part of the encoded state (docs/formats/group_state.md), about `bytes_target` long;
    // empty after the last. The whole is the same for equal states, whatever the slicing.
    virtual Buffer next_chunk(size_t bytes_target) = 0;
    // The next live bodies in order of (queue, seq), at most `count_max`; empty after the last.
    virtual std::vector<BodyRef> next_bodies(size_t count_max) = 0;
};

class GroupState {
public:
    GroupState();
    ~GroupState();
    GroupState(GroupState&&) noexcept;
    GroupState& operator=(GroupState&&) noexcept;

    // --- applying -------------------------------------------------------------------------------
    // Starts entry `index` (the previous one + 1; noop and configuration entries count too) at
    // max(time(), stamped), and sweeps. `stamped` 0 leaves time as it is.
    void begin_entry(LogIndex index, ClusterTime stamped);
    // Applies the entry's next command. Repetition is looked up before anything else; what is remembered
    // for a token is every reply but needs_attributes, stale_catalogue and an empty receive, which may
    // all be asked again with the same token (session_table.h says what is forgotten when). Ensure, drop
    // and tick are idempotent and take no token. Its spans must lie in [payload, payload + size); the
    // positions of bodies are taken relative to `payload`.
    Reply apply(const Command& command, const uint8_t* payload);

    // The next three are taken after every entry, on every replica: they grow until then.
    // Bodies that died since the last call (deleted, expired, purged, dropped), for the body store.
    std::vector<BodyRef> take_dead_bodies();
    // Queues in which messages became ready since the last call, sorted, without repeats; and queues
    // that were dropped. The leader's driver wakes its long polls with them.
    std::vector<QueueId> take_ready_queues();
    std::vector<QueueId> take_dropped_queues();

    // --- asking (leader's driver; no effect) ----------------------------------------------------
    LogIndex index() const;
    ClusterTime time() const;
    // The earliest time at which an entry would have work to do; never() if none. The driver proposes a
    // Tick then. Equals time() while sliced work is left.
    ClusterTime next_deadline() const;
    bool has_queue(QueueId queue) const;
    // Whether a receive now would do more than find nothing: hand out something, or be refused because
    // of the limit of leased messages.
    bool has_ready(QueueId queue) const;
    // Whether the result of a command with this token is kept.
    bool remembers(UserId principal, const Token& token) const;
    const Attributes* attributes(QueueId queue) const;  // nullptr: unknown queue
    CatalogueVersion record_version(QueueId queue) const;
    CatalogueVersion catalogue_floor() const;
    Counters counters(QueueId queue) const;
    std::vector<QueueId> queues() const;  // sorted
    // Up to `count_max` live messages with seq >= from, oldest first, without leasing; for Peek.
    using MessageState = quern::queue::MessageState;
    struct Peeked {
        Delivery message;
        MessageState state{};
    };
    std::vector<Peeked> peek(QueueId queue, MessageSeq from, size_t count_max) const;
    // When the oldest live message was sent; never() if there is none.
    ClusterTime oldest_sent(QueueId queue) const;
    uint64_t memory_bytes() const;
    // Of that, for what was answered to which token.
    uint64_t session_memory_bytes() const;

    // --- snapshots and checking -----------------------------------------------------------------
    std::unique_ptr<FrozenGroup> freeze() const;
    // Rebuilds from all chunks of a snapshot in order. corrupt if they do not decode.
    static Result<GroupState> restore(const std::vector<Buffer>& chunks);
    // Changed by every apply with the command's effect; equal on all replicas at one index (R5).
    // Carried in snapshots.
    uint64_t rolling_hash() const;
    // Of the whole logical state; O(messages).
    uint64_t state_hash() const;
    // Asserts counters against recomputation, heaps against states, conservation. O(messages).
    void check_invariants() const;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace quern::queue
