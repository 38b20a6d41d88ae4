#include <signal.h>

#include <cerrno>
#include <charconv>
#include <sstream>

#include "harness/chaos/namespace_hosts.h"
#include "harness/chaos/shell.h"

namespace quern::harness::chaos {

bool stale_name(const std::string& name) {
    constexpr std::string_view beginning = "quern-chaos-";
    if (!name.starts_with(beginning)) return false;
    pid_t process = 0;
    const char* from = name.data() + beginning.size();
    const auto parsed = std::from_chars(from, name.data() + name.size(), process);
    const bool whole = parsed.ec == std::errc() && parsed.ptr != name.data() + name.size() &&
                       *parsed.ptr == '-' && process > 0;
    return whole && ::kill(process, 0) != 0 && errno == ESRCH;
}

void remove_stale_namespaces() {
    const Result<std::string> list = run_program({"ip", "netns", "list"});
    if (!list) return;
    std::istringstream lines(*list);
    std::string line;
    while (std::getline(lines, line)) {
        const std::string name = line.substr(0, line.find(' '));
        if (stale_name(name)) (void)run_program({"ip", "netns", "del", name});
    }
}

}  // namespace quern::harness::chaos
