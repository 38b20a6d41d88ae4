// One suite, several worlds: what system/io promises is tested here once and run against every
// implementation. A world that joins adds one file like os_world.cc.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "system/io/env.h"

namespace quern::conformance {

// Two nodes that reach each other, without faults; they may be one and the same.
class World {
public:
    virtual ~World() = default;
    virtual Env server() = 0;
    virtual Env client() = 0;
    // The host name or address of the server, to listen at and to connect to.
    virtual std::string server_host() = 0;
    // Runs callbacks until `done()` holds or `limit` has passed; returns done().
    virtual bool run_until(const std::function<bool()>& done, Duration limit) = 0;
};

struct WorldKind {
    const char* name;
    std::unique_ptr<World> (*make)();
};

inline void PrintTo(const WorldKind& kind, std::ostream* out) { *out << kind.name; }

// Reached only by a test that fails.
constexpr Duration patience = Duration::seconds(5);

class Conformance : public testing::TestWithParam<WorldKind> {
protected:
    Conformance() : world_(GetParam().make()), env_(world_->server()) {}

    bool run_until(const std::function<bool()>& done) { return world_->run_until(done, patience); }
    // Long enough for what must not happen to happen, were it going to.
    void run_for(Duration time) {
        world_->run_until([] { return false; }, time);
    }

    // Starts an operation, waits for its completion and checks that it ran once and not inside the
    // call.
    template <typename T>
    Result<T> await(const std::function<void(Callback<void(Result<T>)>)>& start) {
        auto calls = std::make_shared<int>(0);
        auto result = std::make_shared<std::optional<Result<T>>>();
        bool inside = true;
        start([calls, result, &inside](Result<T> r) {
            EXPECT_FALSE(inside) << "completed inside the submitting call";
            ++*calls;
            result->emplace(std::move(r));
        });
        inside = false;
        if (!run_until([&] { return *calls > 0; })) {
            ADD_FAILURE() << "no completion";
            return fail(ErrorCode::cancelled);
        }
        EXPECT_EQ(*calls, 1);
        return std::move(**result);
    }

    std::unique_ptr<World> world_;
    Env env_;
};

}  // namespace quern::conformance
