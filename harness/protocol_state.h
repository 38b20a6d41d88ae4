// What a cluster is in the midst of, as far as it matters where a fault strikes it; and who keeps track of it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "system/base/callback.h"

namespace quern::harness {

// Identities of aims follow the order here: add at the end only. name, heading in a table
#define QUERN_PROTOCOL_STATES(X)                                                        \
    X(quiet, "qui")               /* none of the others */                              \
    X(election, "ele")            /* somebody stands, or asks whether it may */         \
    X(leadership_transfer, "tra") /* a leader hands over */                             \
    X(snapshot_writing, "swr")    /* on the machine: its own state goes to its disk */  \
    X(snapshot_sending, "sse")    /* on the machine: to a peer */                       \
    X(snapshot_installing, "sin") /* on the machine: a peer's is being written */       \
    X(log_truncation, "tru")      /* on the machine: an end of its log was cut */       \
    X(recovery, "rec")            /* on the machine: its node has not started yet */    \
    X(repair, "rep")              /* on the machine: of log or snapshot something lacks */ \
    X(long_poll, "pol")           /* on the machine: receives wait for messages */      \
    X(purge, "pur")               /* asked by a client and not answered; so below */    \
    X(queue_creation, "cre")                                                            \
    X(queue_deletion, "del")                                                            \
    X(attributes_change, "att")                                                         \
    X(grant_change, "gra")        /* a permission is given or taken */

enum class ProtocolState : uint8_t {
#define X(name, heading) name,
    QUERN_PROTOCOL_STATES(X)
#undef X
        count
};
constexpr size_t protocol_state_count = static_cast<size_t>(ProtocolState::count);

std::string_view protocol_state_name(ProtocolState state);
std::string_view protocol_state_heading(ProtocolState state);
std::optional<ProtocolState> protocol_state_from(std::string_view name);

// A state of one machine, that only a fault of this machine meets. The others are the cluster's.
constexpr bool of_one_machine(ProtocolState state) {
    return state >= ProtocolState::snapshot_writing && state <= ProtocolState::long_poll;
}

class StateSet {
public:
    void add(ProtocolState state) { bits_ |= 1u << static_cast<unsigned>(state); }
    bool contains(ProtocolState state) const { return (bits_ >> static_cast<unsigned>(state) & 1) != 0; }
    bool empty() const { return bits_ == 0; }
    bool operator==(const StateSet&) const = default;

private:
    uint32_t bits_ = 0;
};

// A state counts as met if it is there, or ended less than this before: some last microseconds.
constexpr int64_t state_lingers_ns = 20'000'000;

class StateTracker {
public:
    static constexpr uint32_t everywhere = UINT32_MAX;
    static constexpr uint32_t machines_max = 64;

    // `machine`: its index; everywhere: of none. A state may begin several times over (of several groups,
    // by several clients) and is there until it ended as often. Machines from machines_max on have none.
    void begins(ProtocolState state, uint32_t machine);
    void ends(ProtocolState state, uint32_t machine, int64_t now_ns);
    // The machine's process is gone, and what it was in the midst of with it.
    void died(uint32_t machine);
    // Called when a state that was not there begins.
    void on_begin(Callback<void(ProtocolState, uint32_t machine)> told) { told_ = std::move(told); }

    // What a fault meets now that strikes these machines, a bit for each index. `quiet` if nothing.
    StateSet met_by(uint64_t machines, int64_t now_ns) const;

private:
    struct Slot {
        uint32_t active = 0;
        int64_t ended_ns = INT64_MIN / 2;
    };
    using Slots = std::array<Slot, protocol_state_count>;
    Slots* slots_of(uint32_t machine);

    std::vector<Slots> machines_;
    Slots cluster_{};
    Callback<void(ProtocolState, uint32_t)> told_;
};

}  // namespace quern::harness
