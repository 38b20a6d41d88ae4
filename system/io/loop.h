// The event loop of one node. Everything of a node runs in it, one callback after another.
#pragma once

#include "system/base/callback.h"

namespace quern {

class Loop {
public:
    virtual ~Loop() = default;
    // Runs `task` later from the loop, after callbacks posted before it.
    virtual void post(Callback<void()> task) = 0;
};

}  // namespace quern
