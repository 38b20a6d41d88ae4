#include "system/os/sd_notify.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "tests/conformance/temporary_folder.h"

#include <gtest/gtest.h>

namespace quern::os {
namespace {

// The service manager's end.
class Manager {
public:
    explicit Manager(const std::string& path) : socket_(::socket(AF_UNIX, SOCK_DGRAM, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, path.data(), path.size());
        if (path[0] == '@') address.sun_path[0] = '\0';
        const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
        EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&address), length), 0);
    }
    ~Manager() { ::close(socket_); }
    std::string next() const {
        char text[512];
        const ssize_t got = ::recv(socket_, text, sizeof(text), MSG_DONTWAIT);
        return got < 0 ? "nothing" : std::string(text, static_cast<size_t>(got));
    }

private:
    int socket_;
};

TEST(ServiceNotifier, sends_its_states) {
    const conformance::TemporaryFolder folder;
    const Manager manager(folder.path() + "/notify");
    const ServiceNotifier notifier(folder.path() + "/notify");
    EXPECT_TRUE(notifier.ready("serving").has_value());
    EXPECT_EQ(manager.next(), "READY=1\nSTATUS=serving");
    EXPECT_TRUE(notifier.watchdog().has_value());
    EXPECT_EQ(manager.next(), "WATCHDOG=1");
    EXPECT_TRUE(notifier.stopping().has_value());
    EXPECT_EQ(manager.next(), "STOPPING=1");
    EXPECT_EQ(manager.next(), "nothing");
}

TEST(ServiceNotifier, knows_abstract_sockets) {
    const std::string name = "@quern-notify-test-" + std::to_string(::getpid());
    const Manager manager(name);
    EXPECT_TRUE(ServiceNotifier(name).ready().has_value());
    EXPECT_EQ(manager.next(), "READY=1");
}

TEST(ServiceNotifier, without_a_manager_does_nothing) {
    EXPECT_TRUE(ServiceNotifier("").ready().has_value());
    EXPECT_FALSE(ServiceNotifier("relative").ready().has_value());
    EXPECT_FALSE(ServiceNotifier("/" + std::string(200, 'x')).ready().has_value());
    EXPECT_FALSE(ServiceNotifier("/nowhere/to/be/found").ready().has_value());
}

}  // namespace
}  // namespace quern::os
