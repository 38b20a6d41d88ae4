// What only real sockets can show: host names, a peer that does not answer, a process without
// descriptors.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "system/os/os_env.h"

namespace quern::os {
namespace {

using ConnectionPtr = std::unique_ptr<Connection>;

class OsNetwork : public testing::Test {
protected:
    OsNetwork() {
        OsOptions options;
        options.connect_limit = Duration::milliseconds(150);
        options.log_file = "/dev/null";
        env_ = std::move(*OsEnv::open(options));
    }
    Network& network() { return env_->env().network; }
    bool run_until(Callback<bool()> done, Duration limit = Duration::seconds(5)) {
        return env_->run_until(std::move(done), env_->env().clock.now() + limit);
    }
    Result<ConnectionPtr> connect(const Endpoint& to) {
        std::optional<Result<ConnectionPtr>> result;
        network().connect(to, [&](Result<ConnectionPtr> c) { result.emplace(std::move(c)); });
        if (!run_until([&] { return result.has_value(); })) return fail(ErrorCode::cancelled);
        return std::move(*result);
    }
    std::unique_ptr<Listener> listen(const std::string& host) {
        auto listener = network().listen(
            {host, 0}, [this](ConnectionPtr c) { accepted_.push_back(std::move(c)); });
        EXPECT_TRUE(listener.has_value()) << listener.error().to_string();
        return std::move(*listener);
    }

    std::unique_ptr<OsEnv> env_;
    std::vector<ConnectionPtr> accepted_;
};

// A listening socket that never accepts and whose backlog holds one connection.
class DeafSocket {
public:
    DeafSocket() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof(address);
        auto* generic = reinterpret_cast<sockaddr*>(&address);
        EXPECT_EQ(::bind(socket_, generic, size), 0);
        EXPECT_EQ(::listen(socket_, 0), 0);
        EXPECT_EQ(::getsockname(socket_, generic, &size), 0);
        port_ = ntohs(address.sin_port);
    }
    ~DeafSocket() { ::close(socket_); }
    uint16_t port() const { return port_; }

private:
    int socket_;
    uint16_t port_ = 0;
};

TEST_F(OsNetwork, a_host_name_is_resolved) {
    const auto listener = listen("localhost");
    EXPECT_EQ(listener->local().host, "127.0.0.1");
    EXPECT_TRUE(connect({"localhost", listener->local().port}).has_value());
}

TEST_F(OsNetwork, listening_at_an_unknown_host_is_an_error) {
    const auto listener = network().listen({"no-such-host.invalid", 0}, [](ConnectionPtr) {});
    ASSERT_FALSE(listener.has_value());
    EXPECT_EQ(listener.error().code, ErrorCode::invalid_argument);
}

TEST_F(OsNetwork, a_foreign_address_cannot_be_listened_at) {
    const auto listener = network().listen({"192.0.2.1", 0}, [](ConnectionPtr) {});
    ASSERT_FALSE(listener.has_value());
    EXPECT_EQ(listener.error().code, ErrorCode::invalid_argument);
}

TEST_F(OsNetwork, a_connect_without_an_answer_times_out) {
    const DeafSocket deaf;
    std::vector<ConnectionPtr> filling;
    for (int i = 0; i < 10; ++i) {
        auto connected = connect({"127.0.0.1", deaf.port()});
        if (connected.has_value()) {
            filling.push_back(std::move(*connected));
            continue;
        }
        EXPECT_EQ(connected.error().code, ErrorCode::timed_out);
        return;
    }
    FAIL() << "the backlog never filled";
}

TEST_F(OsNetwork, accepting_goes_on_after_descriptors_ran_out) {
#ifdef __SANITIZE_ADDRESS__
    GTEST_SKIP() << "the sanitizers' own checks need descriptors";
#endif
    const auto listener = listen("127.0.0.1");
    const int client = ::socket(AF_INET, SOCK_STREAM, 0);
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    rlimit none = before;
    none.rlim_cur = 3;
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(listener->local().port);
    EXPECT_EQ(::connect(client, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_FALSE(run_until([&] { return !accepted_.empty(); }, Duration::milliseconds(30)));
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
    EXPECT_TRUE(run_until([&] { return !accepted_.empty(); }));
    ::close(client);
}

}  // namespace
}  // namespace quern::os
