// The suites, and the macro that runs them all in one kind of world.
#pragma once

#include "tests/conformance/disk_fixture.h"
#include "tests/conformance/network_fixture.h"
#include "tests/conformance/world.h"

namespace quern::conformance {

class LoopConformance : public Conformance {};
class TimersConformance : public Conformance {};
class ClockConformance : public Conformance {};

#define QUERN_CONFORMANCE_SUITE(world_name, suite, make_world) \
    INSTANTIATE_TEST_SUITE_P(world_name, suite, testing::Values(WorldKind{#world_name, make_world}))

// Runs every suite against the worlds that `make_world` makes.
#define QUERN_CONFORMANCE(world_name, make_world)                        \
    QUERN_CONFORMANCE_SUITE(world_name, LoopConformance, make_world);    \
    QUERN_CONFORMANCE_SUITE(world_name, TimersConformance, make_world);  \
    QUERN_CONFORMANCE_SUITE(world_name, ClockConformance, make_world);   \
    QUERN_CONFORMANCE_SUITE(world_name, NetworkConformance, make_world); \
    QUERN_CONFORMANCE_SUITE(world_name, DiskConformance, make_world)

}  // namespace quern::conformance
