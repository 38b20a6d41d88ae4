#include "sim/world/atlas.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace quern::sim {
namespace {

std::vector<std::string> names(uint32_t count) {
    std::vector<std::string> all;
    for (uint32_t i = 0; i < count; ++i)
        all.push_back("n" + std::to_string(i));
    return all;
}

TEST(Atlas, at_most_a_minority_damages_a_chunk_and_no_machine_loses_four_neighbours) {
    EXPECT_TRUE(rc::check([](uint64_t seed, bool shared_layout) {
        const auto count = static_cast<uint32_t>(3 + seed % 5);
        const uint32_t faulty = (count - 1) / 2;
        const auto machines = names(count);
        const Atlas atlas(seed, machines, faulty,
                          shared_layout ? AtlasScope::chunks : AtlasScope::machines);
        uint32_t permitted = 0;
        for (const char* file : {"wal-1", "segment-3"}) {
            std::vector<uint32_t> in_a_row(count);
            for (uint64_t chunk = 0; chunk < 40; ++chunk) {
                uint32_t damaged = 0;
                for (uint32_t m = 0; m < count; ++m) {
                    const bool may = atlas.permits(machines[m], file, chunk);
                    damaged += may ? 1 : 0;
                    if (chunk % 4 == 0) in_a_row[m] = 0;
                    in_a_row[m] += may ? 1 : 0;
                    RC_ASSERT(in_a_row[m] < 4u);
                }
                RC_ASSERT(damaged <= faulty);
                permitted += damaged;
            }
        }
        RC_ASSERT(permitted > 0u);
    }));
}

TEST(Atlas, in_scope_machines_all_damage_is_on_the_same_minority) {
    EXPECT_TRUE(rc::check([](uint64_t seed) {
        const auto machines = names(5);
        const Atlas atlas(seed, machines, 1, AtlasScope::machines);
        std::string only;
        for (const std::string& name : machines) {
            if (atlas.permits_machine(name)) {
                RC_ASSERT(only.empty());
                only = name;
            }
        }
        RC_ASSERT(!only.empty());
        for (const std::string& name : machines) {
            for (uint64_t chunk = 0; chunk < 20; ++chunk) {
                if (atlas.permits(name, "wal-1", chunk)) RC_ASSERT(name == only);
            }
        }
    }));
}

TEST(Atlas, strangers_are_never_permitted_and_beyond_limits_all_are) {
    const Atlas atlas(3, names(3), 1, AtlasScope::machines);
    EXPECT_FALSE(atlas.permits_machine("balancer"));
    const Atlas lawless(3, names(3), 1, AtlasScope::beyond_limits);
    for (const std::string& name : names(3)) {
        EXPECT_TRUE(lawless.permits_machine(name));
        EXPECT_TRUE(lawless.permits(name, "wal-1", 0));
    }
}

}  // namespace
}  // namespace quern::sim
