#include <gtest/gtest.h>

#include <array>
#include <map>
#include <set>

#include "harness/chaos/relay.h"
#include "harness/chaos/socket_owner.h"
#include "system/os/os_env.h"

namespace quern::harness::chaos {
namespace {

TEST(SocketOwner, reads_the_kernels_table) {
    const std::string table =
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
        "   0: 0100007F:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 41 1 0\n"
        "   1: 0100007F:C001 0B00007F:1D4C 01 00000000:00000000 00:00000000 00000000     0        0 4711 1 0\n";
    EXPECT_EQ(find_socket(table, {"127.0.0.1", 0xC001}, {"127.0.0.11", 7500}), 4711u);
    EXPECT_EQ(find_socket(table, {"127.0.0.1", 0xC001}, {"127.0.0.12", 7500}), 0u);
    EXPECT_EQ(find_socket(table, {"127.0.0.11", 7500}, {"127.0.0.1", 0xC001}), 0u);
}

// Two hosts, "a" who connects and "b"; what is between them is for the test to say.
class RelayTest : public testing::Test, public RelayRules {
protected:
    RelayTest() : os_(std::move(*os::OsEnv::open({}))), env_(os_->env()) {
        listener_ = *env_.network.listen({"127.0.0.1", 0}, [this](std::unique_ptr<Connection> far) {
            far_ = std::move(far);
            read(*far_, at_b_);
        });
        const Endpoint any{"127.0.0.1", 0};
        finder_ = *env_.network.listen(any, [](std::unique_ptr<Connection>) {});
        const Endpoint at = finder_->local();
        finder_.reset();
        relay_ = *Relay::listen(env_, *this, at, listener_->local(), "b");
        env_.network.connect(at, [this](Result<std::unique_ptr<Connection>> near) {
            near_ = std::move(*near);
            read(*near_, at_a_);
        });
        EXPECT_TRUE(wait([this] { return near_ != nullptr && far_ != nullptr; }));
    }

    std::string host_of(const Endpoint&, const Endpoint&) override { return "a"; }
    bool cut(const std::string& from, const std::string&) const override { return cut_.contains(from); }
    // The first bytes take `delay_`, all others none.
    Instant due(const std::string&, const std::string&, size_t) override {
        return env_.clock.now() + std::exchange(delay_, Duration::zero());
    }

    void read(Connection& connection, std::string& into) {
        connection.read(room_[&into], [this, &connection, &into](Result<size_t> got) {
            if (!got || *got == 0) {
                ended_ = true;
                return;
            }
            into.append(reinterpret_cast<const char*>(room_[&into].data()), *got);
            read(connection, into);
        });
    }
    static BufferChain bytes(const std::string& text) {
        return Buffer::copy_of({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
    }
    void write(Connection& connection, const std::string& text) {
        bool done = false;
        connection.write(bytes(text), [&](Result<void>) { done = true; });
        EXPECT_TRUE(wait([&] { return done; }));
    }
    bool wait(Callback<bool()> done, Duration most = Duration::seconds(10)) {
        return os_->run_until(std::move(done), env_.clock.now() + most);
    }

    std::set<std::string> cut_;
    Duration delay_ = Duration::zero();
    std::map<std::string*, std::array<uint8_t, 4096>> room_;
    std::string at_a_;
    std::string at_b_;
    bool ended_ = false;
    std::unique_ptr<os::OsEnv> os_;
    Env env_;
    std::unique_ptr<Listener> listener_;
    std::unique_ptr<Listener> finder_;
    std::unique_ptr<Relay> relay_;
    std::unique_ptr<Connection> near_;
    std::unique_ptr<Connection> far_;
};

TEST_F(RelayTest, hands_bytes_on_both_ways) {
    write(*near_, "question");
    write(*far_, "answer");
    EXPECT_TRUE(wait([this] { return at_b_ == "question" && at_a_ == "answer"; }));
}

TEST_F(RelayTest, a_cut_holds_back_what_comes_until_it_ends) {
    cut_ = {"a"};
    write(*near_, "question");
    write(*far_, "answer");
    EXPECT_TRUE(wait([this] { return at_a_ == "answer"; }));
    EXPECT_EQ(at_b_, "");
    cut_ = {};
    relay_->rules_changed();
    EXPECT_TRUE(wait([this] { return at_b_ == "question"; }));
}

TEST_F(RelayTest, a_delay_keeps_bytes_for_its_time_and_in_order) {
    delay_ = Duration::milliseconds(30);
    const Instant began = env_.clock.now();
    write(*near_, "one ");
    EXPECT_TRUE(wait([this] { return delay_ == Duration::zero(); }));
    write(*near_, "two");
    EXPECT_TRUE(wait([this] { return at_b_ == "one two"; }));
    EXPECT_GE((env_.clock.now() - began).to_milliseconds(), 30);
}

TEST_F(RelayTest, the_end_of_one_end_is_told_to_the_other) {
    near_.reset();
    EXPECT_TRUE(wait([this] { return ended_; }));
}

}  // namespace
}  // namespace quern::harness::chaos
