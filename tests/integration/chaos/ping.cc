#include "tests/integration/chaos/ping.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <vector>

namespace quern::tests {

namespace {

using Clock = std::chrono::steady_clock;

uint16_t checksum(const std::vector<uint8_t>& bytes) {
    uint32_t sum = 0;
    for (size_t i = 0; i + 1 < bytes.size(); i += 2) {
        sum += static_cast<uint32_t>(bytes[i] << 8 | bytes[i + 1]);
    }
    while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
    return htons(static_cast<uint16_t>(~sum));
}

std::vector<uint8_t> request(uint16_t id, uint16_t sequence, int bytes) {
    std::vector<uint8_t> packet(static_cast<size_t>(std::max(8, bytes & ~1)));
    icmphdr head{};
    head.type = ICMP_ECHO;
    head.un.echo.id = id;
    head.un.echo.sequence = sequence;
    std::memcpy(packet.data(), &head, sizeof(head));
    head.checksum = checksum(packet);
    std::memcpy(packet.data(), &head, sizeof(head));
    return packet;
}

// The sequence of the answer in an IP packet, or -1.
int answer_in(const uint8_t* packet, ssize_t size, uint16_t id) {
    iphdr outer{};
    icmphdr head{};
    if (size < static_cast<ssize_t>(sizeof(outer) + sizeof(head))) return -1;
    std::memcpy(&outer, packet, sizeof(outer));
    std::memcpy(&head, packet + outer.ihl * 4, sizeof(head));
    return head.type == ICMP_ECHOREPLY && head.un.echo.id == id ? head.un.echo.sequence : -1;
}

int64_t micros(Clock::duration time) {
    return std::chrono::duration_cast<std::chrono::microseconds>(time).count();
}

}  // namespace

Echoes ping(const std::string& address, int count, int bytes, int pause_ms, int patience_ms) {
    Echoes echoes;
    const int socket = ::socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP);
    if (socket < 0) return echoes;
    sockaddr_in to{};
    to.sin_family = AF_INET;
    ::inet_pton(AF_INET, address.c_str(), &to.sin_addr);
    const auto id = static_cast<uint16_t>(::getpid());
    std::vector<Clock::time_point> sent_at;
    auto next = Clock::now();
    const auto collect_until = [&](Clock::time_point end) {
        for (auto now = Clock::now(); now < end; now = Clock::now()) {
            pollfd ready{socket, POLLIN, 0};
            if (::poll(&ready, 1, static_cast<int>(micros(end - now) / 1000 + 1)) <= 0) continue;
            uint8_t packet[65536];
            const int sequence = answer_in(packet, ::recv(socket, packet, sizeof(packet), 0), id);
            if (sequence < 0 || static_cast<size_t>(sequence) >= sent_at.size()) continue;
            const int64_t took = micros(Clock::now() - sent_at[static_cast<size_t>(sequence)]);
            echoes.fastest_us = echoes.answered == 0 ? took : std::min(echoes.fastest_us, took);
            if (++echoes.answered == count) return;
        }
    };
    for (int i = 0; i < count; ++i) {
        const auto packet = request(id, static_cast<uint16_t>(i), bytes);
        sent_at.push_back(Clock::now());
        const ssize_t sent = ::sendto(socket, packet.data(), packet.size(), 0,
                                      reinterpret_cast<sockaddr*>(&to), sizeof(to));
        if (sent > 0) ++echoes.sent;
        next += std::chrono::milliseconds(pause_ms);
        collect_until(next);
    }
    if (echoes.answered < count) collect_until(Clock::now() + std::chrono::milliseconds(patience_ms));
    ::close(socket);
    return echoes;
}

}  // namespace quern::tests
