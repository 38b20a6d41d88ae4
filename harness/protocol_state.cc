#include "harness/protocol_state.h"

namespace quern::harness {

namespace {

constexpr std::string_view names[] = {
#define X(name, heading) #name,
    QUERN_PROTOCOL_STATES(X)
#undef X
};
constexpr std::string_view headings[] = {
#define X(name, heading) heading,
    QUERN_PROTOCOL_STATES(X)
#undef X
};

}  // namespace

std::string_view protocol_state_name(ProtocolState state) { return names[static_cast<size_t>(state)]; }

std::string_view protocol_state_heading(ProtocolState state) {
    return headings[static_cast<size_t>(state)];
}

std::optional<ProtocolState> protocol_state_from(std::string_view name) {
    for (size_t i = 0; i < protocol_state_count; ++i) {
        if (names[i] == name) return static_cast<ProtocolState>(i);
    }
    return std::nullopt;
}

StateTracker::Slots* StateTracker::slots_of(uint32_t machine) {
    if (machine == everywhere) return &cluster_;
    if (machine >= machines_max) return nullptr;
    if (machine >= machines_.size()) machines_.resize(machine + 1);
    return &machines_[machine];
}

void StateTracker::begins(ProtocolState state, uint32_t machine) {
    Slots* slots = slots_of(machine);
    if (slots == nullptr) return;
    if ((*slots)[static_cast<size_t>(state)].active++ == 0 && told_) told_(state, machine);
}

void StateTracker::ends(ProtocolState state, uint32_t machine, int64_t now_ns) {
    Slots* slots = slots_of(machine);
    if (slots == nullptr) return;
    Slot& slot = (*slots)[static_cast<size_t>(state)];
    // It began in another life, or before anybody looked.
    if (slot.active == 0) return;
    --slot.active;
    slot.ended_ns = now_ns;
}

void StateTracker::died(uint32_t machine) {
    if (Slots* slots = slots_of(machine)) slots->fill({});
}

StateSet StateTracker::met_by(uint64_t machines, int64_t now_ns) const {
    StateSet met;
    auto look = [&](const Slots& slots, bool of_cluster_alone) {
        for (size_t i = 0; i < protocol_state_count; ++i) {
            const auto state = static_cast<ProtocolState>(i);
            if (of_cluster_alone && of_one_machine(state)) continue;
            if (slots[i].active > 0 || now_ns - slots[i].ended_ns < state_lingers_ns) met.add(state);
        }
    };
    look(cluster_, false);
    for (size_t i = 0; i < machines_.size(); ++i) look(machines_[i], (machines >> i & 1) == 0);
    if (met.empty()) met.add(ProtocolState::quiet);
    return met;
}

}  // namespace quern::harness
