#include "harness/chaos/namespace_hosts.h"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <fmt/format.h>

#include "harness/chaos/shell.h"

namespace quern::harness::chaos {

namespace {

constexpr const char* folder = "/run/netns/";
constexpr const char* device = "eth0";

Failure refused(const std::string& what, const Error& error) {
    return fail(error.code, what + ": " + error.detail);
}

std::vector<std::string> joined(std::vector<std::string> first, const std::vector<std::string>& second) {
    first.insert(first.end(), second.begin(), second.end());
    return first;
}

}  // namespace

NamespaceHosts::NamespaceHosts(os::OsEnv& os, uint32_t nodes, NetworkTools tools)
    : os_(os), nodes_(nodes), tools_(std::move(tools)) {
    for (uint32_t node = 1; node <= nodes; ++node) {
        addresses_[host_name(node)] = fmt::format("10.77.0.{}", node);
    }
    addresses_[clients_host] = "10.77.0.254";
}

Result<std::unique_ptr<Hosts>> NamespaceHosts::make(os::OsEnv& os, uint32_t nodes, NetworkTools tools) {
    std::unique_ptr<NamespaceHosts> hosts(new NamespaceHosts(os, nodes, std::move(tools)));
    Result<void> done = hosts->build();
    if (done) done = hosts->go_in();
    if (!done) return fail(std::move(done.error()));
    return std::unique_ptr<Hosts>(std::move(hosts));
}

std::string NamespaceHosts::namespace_of(const std::string& host) const {
    return fmt::format("quern-chaos-{}-{}", ::getpid(), host);
}

std::vector<std::string> NamespaceHosts::enter(const std::string& host) const {
    return {"nsenter", "--net=" + (folder + namespace_of(host)), "--"};
}

Result<void> NamespaceHosts::build() {
    std::string bridge = fmt::format(
        "link set lo up\nlink add br0 type bridge\naddr add {}/24 dev br0\nlink set br0 up\n",
        addresses_.at(clients_host));
    for (const auto& [host, address] : addresses_) {
        const auto made = run_program({"ip", "netns", "add", namespace_of(host)});
        if (!made) return refused("no network namespace", made.error());
    }
    for (uint32_t node = 1; node <= nodes_; ++node) {
        bridge += fmt::format("link add v{0} type veth peer name {1} netns {2}\n"
                              "link set v{0} master br0 up\n",
                              node, device, namespace_of(host_name(node)));
    }
    const auto joined_up =
        run_program({"ip", "-n", namespace_of(clients_host), "-batch", "-"}, bridge);
    if (!joined_up) return refused("no bridge with virtual links", joined_up.error());
    for (uint32_t node = 1; node <= nodes_; ++node) {
        const std::string host = host_name(node);
        const auto up = run_program(
            {"ip", "-n", namespace_of(host), "-batch", "-"},
            fmt::format("link set lo up\naddr add {}/24 dev {}\nlink set {} up\n", address(node), device,
                        device));
        if (!up) return refused("no addresses", up.error());
    }
    return {};
}

Result<void> NamespaceHosts::go_in() {
    outside_ = ::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    const int inside = ::open((folder + namespace_of(clients_host)).c_str(), O_RDONLY | O_CLOEXEC);
    const bool entered = outside_ >= 0 && inside >= 0 && ::setns(inside, CLONE_NEWNET) == 0;
    if (inside >= 0) ::close(inside);
    if (!entered) return fail(ErrorCode::permission_denied, "a network namespace cannot be entered");
    return {};
}

NamespaceHosts::~NamespaceHosts() {
    delay_lines_.clear();
    if (outside_ >= 0) {
        const bool back = ::setns(outside_, CLONE_NEWNET) == 0;
        QUERN_ASSERT(back);
        ::close(outside_);
    }
    for (const auto& [host, address] : addresses_) {
        (void)run_program({"ip", "netns", "del", namespace_of(host)});
    }
}

Result<void> NamespaceHosts::set_links(const Links& links) {
    Result<void> done;
    for (const auto& [host, address] : addresses_) {
        if (done) done = set_filter(links, host);
        if (done && host != clients_host) done = set_shaping(links, host);
        if (done && !tools_.netem) done = set_delays(links, host);
    }
    links_ = links;
    return done;
}

Result<void> NamespaceHosts::set_filter(const Links& links, const std::string& host) {
    const auto rules = tools_.nft ? nft_rules : iptables_rules;
    const std::string wanted = rules(links, host, addresses_);
    if (wanted == rules(links_, host, addresses_)) return {};
    const std::vector<std::string> command =
        tools_.nft ? std::vector<std::string>{"nft", "-f", "-"} : std::vector<std::string>{"iptables-restore"};
    const auto done = run_program(joined(enter(host), command), wanted);
    if (!done) return fail(done.error());
    return {};
}

Result<void> NamespaceHosts::set_shaping(const Links& links, const std::string& host) {
    const auto wanted = shaping_arguments(links, host, tools_.netem);
    if (wanted == shaping_arguments(links_, host, tools_.netem)) return {};
    const std::vector<std::string> where = {"tc", "qdisc", wanted.empty() ? "del" : "replace", "dev",
                                            device, "root"};
    const auto done = run_program(joined(joined(enter(host), where), wanted));
    if (!done) return fail(done.error());
    return {};
}

// A change starts the line anew: packets that are in it are lost, as a real change of way may do.
Result<void> NamespaceHosts::set_delays(const Links& links, const std::string& host) {
    const auto wanted = delays_from(links, host, addresses_);
    if (wanted == delays_from(links_, host, addresses_)) return {};
    delay_lines_.erase(host);
    if (wanted.empty()) return {};
    std::vector<std::string> words = joined(
        enter(host), {tools_.self, "delay-line", host == clients_host ? "br0" : device, addresses_.at(host)});
    for (const auto& [address, delay_ms] : wanted) words.push_back(fmt::format("{}={}", address, delay_ms));
    os::ChildOptions options;
    options.program = words.front();
    options.arguments.assign(words.begin() + 1, words.end());
    auto process = os::ChildProcess::start(os_, options, [](os::ChildExit) {});
    if (!process) return fail(process.error());
    delay_lines_[host] = std::move(*process);
    return {};
}

}  // namespace quern::harness::chaos
