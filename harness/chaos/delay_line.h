// A process in a host's namespace that holds packets back for a time, for kernels without netem: routes
// lead packets into a tun device, from which they go on through the host's own device when their time has
// come. Ends with the process; the routes end with it.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "system/base/result.h"

namespace quern::harness::chaos {

struct DelayLineOptions {
    std::string device;   // the host's own
    std::string address;  // the host's own
    std::map<std::string, int64_t> delays_ms;  // by the receiver's address
};

// Arguments as `DEVICE ADDRESS RECEIVER=MS …`; invalid_argument.
Result<DelayLineOptions> parse_delay_line(const std::vector<std::string>& arguments);

// Runs until the process is killed. Errors say which step was refused.
Result<void> run_delay_line(const DelayLineOptions& options);

// Whether this machine allows it: a tun device can be made in the namespace of the calling thread.
Result<void> try_delay_line();

}  // namespace quern::harness::chaos
