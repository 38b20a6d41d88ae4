#include "harness/chaos/abilities.h"

#include <filesystem>
#include <span>

#include "harness/chaos/delay_line.h"
#include "harness/chaos/packet_rules.h"
#include "harness/chaos/power_disk.h"
#include "harness/chaos/shell.h"

namespace quern::harness::chaos {

namespace {

class Finder {
public:
    Finder(os::OsEnv& os, const std::set<Trouble>& wanted) : os_(os), wanted_(wanted) {
        for (const Trouble always : {Trouble::kill, Trouble::pause, Trouble::clock}) allow(always);
        std::error_code error;
        const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
        found_.network.self = self.string();
        found_.disk_program = (self.parent_path() / "quern-chaos-disk").string();
    }

    void look_at_network(bool namespaces) {
        if (!namespaces) return use_relays("namespaces were not wanted");
        // What is tried is tried inside of a namespace.
        const auto hosts = NamespaceHosts::make(os_, 1, {});
        if (!hosts) return use_relays(hosts.error().detail);
        found_.namespaces = true;
        look_at_filters();
        look_at_speed();
    }

    void look_at_disks(const std::string& folder) {
        const Trouble full_disk[] = {Trouble::full_disk};
        if (!wanted_.contains(Trouble::full_disk)) return;
        constexpr uint64_t try_bytes = 16 << 20;
        const std::string place = folder + "/try-disk";
        std::error_code error;
        std::filesystem::create_directories(place, error);
        std::string why;
        for (const SmallDiskKind kind : {SmallDiskKind::loop, SmallDiskKind::tmpfs}) {
            const auto disk = SmallDisk::make(place, kind, try_bytes);
            if (disk) {
                found_.small_disk = kind;
                return allow(Trouble::full_disk);
            }
            why += (why.empty() ? "" : "; ") + disk.error().detail;
        }
        skip(full_disk, why);
    }

    void look_at_power(const std::string& folder) {
        const Trouble power_loss[] = {Trouble::power_loss};
        if (!wanted_.contains(Trouble::power_loss)) return;
        const std::string place = folder + "/try-power";
        std::error_code error;
        std::filesystem::create_directories(place, error);
        const auto disk = PowerDisk::make(os_, found_.disk_program, place);
        disk ? allow(Trouble::power_loss) : skip(power_loss, disk.error().detail);
    }

    Abilities take() { return std::move(found_); }

private:
    void allow(Trouble trouble) {
        if (wanted_.contains(trouble)) found_.troubles.insert(trouble);
    }
    void skip(std::span<const Trouble> troubles, const std::string& why) {
        std::string names;
        for (const Trouble trouble : troubles) {
            if (!wanted_.contains(trouble)) continue;
            names += (names.empty() ? "" : ", ") + std::string(trouble_name(trouble));
        }
        if (!names.empty()) found_.skipped.push_back(names + ": " + why);
    }
    // Empty: it worked.
    static std::string tried(const std::vector<std::string>& command, const std::string& input = "") {
        const auto done = run_program(command, input);
        return done ? std::string() : done.error().detail;
    }
    // Tries the very rules that rounds use: of packets from a host that does not exist.
    static std::string try_rules(bool nft, const LinkState& link) {
        Links links;
        links.between[{"s9", clients_host}] = link;
        const Addresses addresses = {{"s9", "10.77.0.9"}};
        return nft ? tried({"nft", "-f", "-"}, nft_rules(links, clients_host, addresses))
                   : tried({"iptables-restore"}, iptables_rules(links, clients_host, addresses));
    }

    void use_relays(const std::string& why) {
        const Trouble loss[] = {Trouble::loss};
        for (const Trouble can : {Trouble::cut, Trouble::cut_one_way, Trouble::rate, Trouble::delay}) allow(can);
        skip(loss, why + "; relays on the loopback device stand in for the other faults of links");
    }
    void look_at_filters() {
        const Trouble of_filters[] = {Trouble::cut, Trouble::cut_one_way, Trouble::loss};
        const Trouble loss[] = {Trouble::loss};
        const LinkState cut{true, 0, 0};
        const LinkState lossy{false, 5, 0};
        const std::string no_nft = try_rules(true, cut);
        found_.network.nft = no_nft.empty();
        const std::string no_cut = no_nft.empty() ? "" : try_rules(false, cut);
        if (!no_cut.empty()) return skip(of_filters, no_nft + "; " + no_cut);
        allow(Trouble::cut);
        allow(Trouble::cut_one_way);
        const std::string no_loss = try_rules(found_.network.nft, lossy);
        no_loss.empty() ? allow(Trouble::loss) : skip(loss, no_loss);
    }
    void look_at_speed() {
        const Trouble rate[] = {Trouble::rate};
        const std::string why = tried({"tc", "qdisc", "replace", "dev", "br0", "root", "tbf", "rate",
                                       "1mbit", "burst", "16kb", "latency", "400ms"});
        why.empty() ? allow(Trouble::rate) : skip(rate, why);
        const Trouble delay[] = {Trouble::delay};
        const std::string no_netem =
            tried({"tc", "qdisc", "replace", "dev", "br0", "root", "netem", "delay", "1ms"});
        found_.network.netem = no_netem.empty();
        const Result<void> line = try_delay_line();
        if (no_netem.empty() || line) return allow(Trouble::delay);
        skip(delay, no_netem + "; " + line.error().detail);
    }

    os::OsEnv& os_;
    const std::set<Trouble>& wanted_;
    Abilities found_;
};

}  // namespace

Abilities find_abilities(os::OsEnv& os, const std::set<Trouble>& wanted,
                         const std::string& folder, bool namespaces) {
    remove_stale_namespaces();
    Finder finder(os, wanted);
    finder.look_at_network(namespaces);
    finder.look_at_disks(folder);
    finder.look_at_power(folder);
    return finder.take();
}

}  // namespace quern::harness::chaos
