#include "harness/chaos/delay_line.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <deque>
#include <vector>

#include <fmt/format.h>

#include "harness/chaos/shell.h"
#include "system/os/clock.h"

namespace quern::harness::chaos {

namespace {

constexpr const char* tun_name = "quernslow";
constexpr size_t packet_bytes_max = 65'536;
constexpr size_t packets_held_max = 20'000;  // beyond it packets are lost

int64_t now_ms() {
    static const os::SystemClock clock{Duration::zero()};
    return clock.now().ns / 1'000'000;
}

Result<int> open_tun() {
    const int tun = ::open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (tun < 0) return fail(ErrorCode::permission_denied, "/dev/net/tun cannot be opened");
    ifreq request{};
    request.ifr_flags = IFF_TUN | IFF_NO_PI;
    std::strncpy(request.ifr_name, tun_name, IFNAMSIZ - 1);
    if (::ioctl(tun, TUNSETIFF, &request) == 0) return tun;
    ::close(tun);
    return fail(ErrorCode::permission_denied, "no tun device can be made");
}

// Sends whole packets through the device, whatever the routes say.
Result<int> open_way_out(const std::string& device) {
    const int out = ::socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_RAW);
    if (out < 0) return fail(ErrorCode::permission_denied, "no raw socket");
    const bool bound = ::setsockopt(out, SOL_SOCKET, SO_BINDTODEVICE, device.c_str(),
                                    static_cast<socklen_t>(device.size())) == 0;
    if (bound) return out;
    ::close(out);
    return fail(ErrorCode::permission_denied, "a socket cannot be bound to " + device);
}

class Line {
public:
    Line(int tun, int out, const DelayLineOptions& options) : tun_(tun), out_(out) {
        for (const auto& [address, delay_ms] : options.delays_ms) {
            in_addr parsed{};
            ::inet_pton(AF_INET, address.c_str(), &parsed);
            lanes_[parsed.s_addr].delay_ms = delay_ms;
        }
    }

    [[noreturn]] void run() {
        for (;;) {
            pollfd ready{tun_, POLLIN, 0};
            ::poll(&ready, 1, send_due());
            take();
        }
    }

private:
    struct Held {
        int64_t due_ms;
        std::vector<char> packet;
    };
    struct Lane {
        int64_t delay_ms = 0;
        std::deque<Held> held;
    };

    void take() {
        char packet[packet_bytes_max];
        for (;;) {
            const ssize_t got = ::read(tun_, packet, sizeof(packet));
            if (got <= 0) return;
            iphdr head{};
            if (static_cast<size_t>(got) < sizeof(head)) continue;
            std::memcpy(&head, packet, sizeof(head));
            const auto lane = lanes_.find(head.daddr);
            if (lane == lanes_.end() || lane->second.held.size() == packets_held_max) continue;
            lane->second.held.push_back(
                {now_ms() + lane->second.delay_ms, std::vector<char>(packet, packet + got)});
        }
    }

    // Milliseconds until the next packet is due; -1: none waits.
    int send_due() {
        const int64_t now = now_ms();
        int64_t next = -1;
        for (auto& [address, lane] : lanes_) {
            for (; !lane.held.empty() && lane.held.front().due_ms <= now; lane.held.pop_front()) {
                sockaddr_in to{};
                to.sin_family = AF_INET;
                to.sin_addr.s_addr = address;
                const std::vector<char>& packet = lane.held.front().packet;
                (void)::sendto(out_, packet.data(), packet.size(), 0, reinterpret_cast<sockaddr*>(&to),
                               sizeof(to));
            }
            if (lane.held.empty()) continue;
            const int64_t wait = lane.held.front().due_ms - now;
            next = next < 0 ? wait : std::min(next, wait);
        }
        return static_cast<int>(next);
    }

    int tun_;
    int out_;
    std::map<in_addr_t, Lane> lanes_;
};

}  // namespace

Result<DelayLineOptions> parse_delay_line(const std::vector<std::string>& arguments) {
    if (arguments.size() < 3) return fail(ErrorCode::invalid_argument, "DEVICE ADDRESS RECEIVER=MS …");
    DelayLineOptions options{arguments[0], arguments[1], {}};
    for (size_t i = 2; i < arguments.size(); ++i) {
        const std::string& word = arguments[i];
        const size_t equals = word.find('=');
        int64_t delay_ms = 0;
        in_addr address{};
        const char* end = word.data() + word.size();
        const bool right = equals != std::string::npos &&
                           ::inet_pton(AF_INET, word.substr(0, equals).c_str(), &address) == 1 &&
                           std::from_chars(word.data() + equals + 1, end, delay_ms).ptr == end &&
                           delay_ms > 0;
        if (!right) return fail(ErrorCode::invalid_argument, word + " is not RECEIVER=MS");
        options.delays_ms[word.substr(0, equals)] = delay_ms;
    }
    return options;
}

Result<void> run_delay_line(const DelayLineOptions& options) {
    const Result<int> tun = open_tun();
    if (!tun) return fail(tun.error());
    const Result<int> out = open_way_out(options.device);
    if (!out) return fail(out.error());
    std::string routes = fmt::format("link set {} up\n", tun_name);
    for (const auto& [address, delay_ms] : options.delays_ms) {
        routes += fmt::format("route add {}/32 dev {} src {}\n", address, tun_name, options.address);
    }
    const auto made = run_program({"ip", "-batch", "-"}, routes);
    if (!made) return fail(made.error());
    Line(*tun, *out, options).run();
}

Result<void> try_delay_line() {
    const Result<int> tun = open_tun();
    if (!tun) return fail(tun.error());
    ::close(*tun);
    return {};
}

}  // namespace quern::harness::chaos
