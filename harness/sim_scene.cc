#include "harness/sim_scene.h"

namespace quern::harness {

sim::Machine& SimScene::machine(uint32_t number) {
    sim::Machine*& machine = machines_[number];
    if (machine == nullptr) {
        sim::MachineOptions options;
        options.name = "c" + std::to_string(number);
        machine = &world_.add_machine(std::move(options));
    }
    return *machine;
}

uint64_t SimScene::at(int64_t at_ns, uint32_t client, uint64_t identity, Callback<void()> what) {
    const sim::EventId id = world_.scheduler().at({at_ns}, machine(client).owner(),
                                                  sim::EventKind::user, identity, std::move(what));
    return uint64_t{id.generation} << 32 | id.slot;
}

void SimScene::cancel(uint64_t id) {
    world_.scheduler().cancel({static_cast<uint32_t>(id), static_cast<uint32_t>(id >> 32)});
}

}  // namespace quern::harness
