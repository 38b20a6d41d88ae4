// What the workload needs of the world around its clients: the one clock that no client sees, a place
// for each client to stand, and a story. The simulator has one implementation, real processes another.
#pragma once

#include <cstdint>
#include <string_view>

#include "system/base/callback.h"
#include "system/io/env.h"

namespace quern::harness {

class Scene {
public:
    virtual ~Scene() = default;

    // Nanoseconds since the start of the run.
    virtual int64_t now_ns() const = 0;
    // Where client `number` runs; made at the first call, and lives as long as this object.
    virtual Env& client_env(uint32_t number) = 0;

    // Runs `what` once now_ns() has reached `at_ns`, whatever the client's own clock says. `identity`
    // is for traces. The id is never 0.
    virtual uint64_t at(int64_t at_ns, uint32_t client, uint64_t identity, Callback<void()> what) = 0;
    // Unknown, expired and zero ids are ignored.
    virtual void cancel(uint64_t id) = 0;

    // Becomes part of what two equal runs have in common.
    virtual void note(uint64_t) {}
    // One line of the story; the caller asks telling() before it builds `text`.
    virtual bool telling() const { return false; }
    virtual void tell(std::string_view, std::string_view, std::string_view) {}
};

}  // namespace quern::harness
