// SIGINT and SIGTERM as a callback on the loop.
#pragma once

#include <memory>

#include "system/os/os_env.h"

namespace quern::os {

// While it lives the two signals do not end the process; destroying it gives them back their
// default.
class StopSignals {
public:
    // `stop` runs from the loop with the signal's number, once for each signal that arrives.
    StopSignals(OsEnv& env, Callback<void(int)> stop);
    ~StopSignals();
    StopSignals(const StopSignals&) = delete;
    StopSignals& operator=(const StopSignals&) = delete;

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace quern::os
