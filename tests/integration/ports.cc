// The sockets of process.h.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/integration/process.h"

namespace quern::tests {

namespace {

sockaddr_in loopback(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

// -1 if somebody listens there.
int listen_on(int port) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    const sockaddr_in address = loopback(port);
    if (::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0 &&
        ::listen(socket, 1) == 0) {
        return socket;
    }
    ::close(socket);
    return -1;
}

bool all_free(int first, int count) {
    for (int port = first; port < first + count; ++port) {
        const int socket = listen_on(port);
        if (socket < 0) return false;
        ::close(socket);
    }
    return true;
}

}  // namespace

int free_ports(int count) {
    // Below the range from which the system takes ports for outgoing connections.
    constexpr int lowest = 20'000;
    constexpr int places = 700;
    constexpr int width = 16;
    EXPECT_LE(count, width);
    static int next = ::getpid();
    for (int tried = 0; tried < places; ++tried) {
        const int first = lowest + (next++ % places) * width;
        if (all_free(first, count)) return first;
    }
    ADD_FAILURE() << "no free ports";
    return 0;
}

PortHolder::PortHolder(int port) : socket_(listen_on(port)) { EXPECT_GE(socket_, 0); }

PortHolder::~PortHolder() { ::close(socket_); }

std::string talk_to(int port, const std::string& bytes, int seconds) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = loopback(port);
    EXPECT_EQ(::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
    std::string answer;
    for (;;) {
        pollfd ready{socket, POLLIN, 0};
        if (::poll(&ready, 1, seconds * 1000) <= 0) {
            answer += " (still open)";
            break;
        }
        char chunk[4096];
        const ssize_t got = ::recv(socket, chunk, sizeof(chunk), 0);
        if (got <= 0) break;
        answer.append(chunk, static_cast<size_t>(got));
    }
    ::close(socket);
    return answer;
}

}  // namespace quern::tests
