// The simulated world: two machines on a fault-free network.
#include "sim/world/world.h"
#include "tests/conformance/suites.h"

namespace quern::conformance {

namespace {

class SimWorld final : public World {
public:
    SimWorld()
        : server_(world_.add_machine({.name = "server"})),
          client_(world_.add_machine({.name = "client"})) {}
    Env server() override { return server_.env(); }
    Env client() override { return client_.env(); }
    std::string server_host() override { return "server"; }
    bool run_until(const std::function<bool()>& done, Duration limit) override {
        return world_.run_until([&done] { return done(); }, limit);
    }

private:
    sim::World world_;
    sim::Machine& server_;
    sim::Machine& client_;
};

std::unique_ptr<World> make_sim_world() { return std::make_unique<SimWorld>(); }

}  // namespace

QUERN_CONFORMANCE(sim, make_sim_world);

}  // namespace quern::conformance
