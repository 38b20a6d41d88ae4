// The scene of a simulated run: a machine for each client, named c1, c2, …
#pragma once

#include <map>

#include "harness/scene.h"
#include "sim/world/world.h"

namespace quern::harness {

class SimScene final : public Scene {
public:
    explicit SimScene(sim::World& world) : world_(world) {}

    int64_t now_ns() const override { return world_.now().ns; }
    Env& client_env(uint32_t number) override { return machine(number).env(); }
    uint64_t at(int64_t at_ns, uint32_t client, uint64_t identity, Callback<void()> what) override;
    void cancel(uint64_t id) override;
    void note(uint64_t word) override { world_.scheduler().note(word); }
    bool telling() const override { return world_.trace().enabled(); }
    void tell(std::string_view who, std::string_view what, std::string_view text) override {
        world_.trace().line(who, what, text);
    }

    sim::Machine& machine(uint32_t number);

private:
    sim::World& world_;
    std::map<uint32_t, sim::Machine*> machines_;
};

}  // namespace quern::harness
