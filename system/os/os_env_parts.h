// What an OsEnv consists of, for the parts of this room that need its Asio loop. Private to this
// room.
#pragma once

#include "system/os/clock.h"
#include "system/os/data_directory.h"
#include "system/os/entropy.h"
#include "system/os/log.h"
#include "system/os/os_env.h"
#include "system/os/posix_disk.h"
#include "system/os/tcp_network.h"
#include "system/os/timers.h"

namespace quern::os {

struct OsEnv::Parts {
    Parts(const OsOptions& options, DataDirectory data, std::unique_ptr<Log> writer)
        : directory(std::move(data)),
          log(std::move(writer)),
          clock(options.wall_uncertainty),
          timers(loop, clock),
          network(loop, clock, timers, *log, options.connect_limit),
          disk(loop, directory.descriptor()) {}

    DataDirectory directory;
    std::unique_ptr<Log> log;
    Metrics metrics;
    NoFaults faults;
    SystemClock clock;
    SystemEntropy entropy;
    EventLoop loop;
    LoopTimers timers;
    TcpNetwork network;
    PosixDisk disk;
};

// Grants this room the loop of an OsEnv.
class OsAccess {
public:
    static EventLoop& loop(OsEnv& env) { return env.parts_->loop; }
};

}  // namespace quern::os
