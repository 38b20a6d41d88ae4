// The client token that makes a mutating request take effect once (thesis 6.3).
#pragma once

#include "system/base/ids.h"
#include "system/base/time.h"

namespace quern {

// `seq` counts up within the session; everything below `acked_below` will never be asked again.
// `expires` is stamped once by the client (from the cluster time it last saw, at most
// limits::request_horizon_ms_max ahead) and kept on retries: applied at a later cluster time, the
// command is refused as deadline_exceeded, so a late duplicate cannot outlive the memory of its first
// application.
struct Token {
    SessionId session;  // 0: no token
    uint64_t seq = 0;
    uint64_t acked_below = 0;
    ClusterTime expires = ClusterTime::never();
    bool operator==(const Token&) const = default;
};

}  // namespace quern
