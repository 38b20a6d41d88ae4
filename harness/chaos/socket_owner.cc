#include "harness/chaos/socket_owner.h"

#include <arpa/inet.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

namespace quern::harness::chaos {

namespace {

namespace fs = std::filesystem;

// As the kernel prints it: the address as a number of the machine's byte order, and the port.
std::string kernel_text(const Endpoint& endpoint) {
    in_addr address{};
    ::inet_pton(AF_INET, endpoint.host.c_str(), &address);
    return fmt::format("{:08X}:{:04X}", address.s_addr, endpoint.port);
}

bool holds(pid_t process, const std::string& link) {
    std::error_code error;
    for (fs::directory_iterator at(fmt::format("/proc/{}/fd", process), error), end; at != end;
         at.increment(error)) {
        if (error) return false;
        std::error_code gone;
        if (fs::read_symlink(at->path(), gone) == link) return true;
    }
    return false;
}

}  // namespace

uint64_t find_socket(const std::string& table, const Endpoint& local, const Endpoint& remote) {
    const std::string ends = " " + kernel_text(local) + " " + kernel_text(remote) + " ";
    const size_t at = table.find(ends);
    if (at == std::string::npos) return 0;
    std::istringstream rest(table.substr(at + ends.size(), table.find('\n', at) - at - ends.size()));
    std::string skipped;
    for (int field = 0; field < 6; ++field) rest >> skipped;  // state, queues, timer, retransmits, user, timeout
    uint64_t inode = 0;
    rest >> inode;
    return rest ? inode : 0;
}

pid_t find_owner(const std::vector<pid_t>& processes, const Endpoint& local, const Endpoint& remote) {
    std::ifstream file("/proc/net/tcp");
    std::ostringstream table;
    table << file.rdbuf();
    const uint64_t inode = find_socket(table.str(), local, remote);
    if (inode == 0) return 0;
    for (const pid_t process : processes) {
        if (holds(process, fmt::format("socket:[{}]", inode))) return process;
    }
    return 0;
}

}  // namespace quern::harness::chaos
