// Which process the other end of a loopback connection belongs to, from /proc.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "system/io/network.h"

namespace quern::harness::chaos {

// The inode of the socket that is `local` and connected to `remote`, in a table like /proc/net/tcp; 0: none.
uint64_t find_socket(const std::string& table, const Endpoint& local, const Endpoint& remote);

// Whoever of `processes` has that socket open; 0: none of them.
pid_t find_owner(const std::vector<pid_t>& processes, const Endpoint& local, const Endpoint& remote);

}  // namespace quern::harness::chaos
