// Each fault of links does to packets what it says, and its end takes it back.
#include <gtest/gtest.h>

#include <filesystem>

#include "harness/chaos/abilities.h"
#include "harness/chaos/own_mounts.h"
#include "tests/integration/chaos/ping.h"

namespace quern::harness::chaos {
namespace {

using tests::Echoes;
using tests::ping;

class RealLinks : public testing::Test {
protected:
    void SetUp() override {
        os_ = std::move(*os::OsEnv::open({}));
        abilities_ = find_abilities(*os_, all(), "/tmp", true);
        if (!abilities_.namespaces) GTEST_SKIP() << abilities_.skipped.front();
        abilities_.network.self = QUERN_CHAOS_PROGRAM;
        auto hosts = NamespaceHosts::make(*os_, 2, abilities_.network);
        ASSERT_TRUE(hosts) << hosts.error().detail;
        hosts_ = std::move(*hosts);
    }

    static std::set<Trouble> all() {
        return {Trouble::cut, Trouble::cut_one_way, Trouble::loss, Trouble::rate, Trouble::delay};
    }
    // False: this machine cannot do that.
    bool set(Trouble trouble, const std::string& line) {
        if (!abilities_.troubles.contains(trouble)) return false;
        plan_ = *sim::FaultPlan::parse(line);
        std::vector<const sim::Fault*> active;
        for (const sim::Fault& fault : plan_.faults) active.push_back(&fault);
        const auto done = hosts_->set_links(links_under(active, host_names(2)));
        EXPECT_TRUE(done) << done.error().detail;
        return true;
    }
    void heal() {
        const auto done = hosts_->set_links({});
        EXPECT_TRUE(done) << done.error().detail;
        const Echoes echoes = ping("10.77.0.1", 3, 64, 5, 1'000);
        EXPECT_EQ(echoes.answered, 3);
        EXPECT_LT(echoes.fastest_us, 20'000);
    }

    std::unique_ptr<os::OsEnv> os_;
    Abilities abilities_;
    std::unique_ptr<Hosts> hosts_;
    sim::FaultPlan plan_;
};

// A kernel that refuses a rule does not call it a syntax error.
TEST_F(RealLinks, nothing_is_skipped_for_a_mistake_of_the_test) {
    for (const std::string& skipped : abilities_.skipped) {
        EXPECT_EQ(skipped.find("syntax"), std::string::npos) << skipped;
    }
}

TEST_F(RealLinks, cut) {
    if (!set(Trouble::cut, "1 partition at=0 for=1 a=s1 b=c1\n")) GTEST_SKIP() << "no packet filter";
    EXPECT_EQ(ping("10.77.0.1", 3, 64, 5, 100).answered, 0);
    EXPECT_EQ(ping("10.77.0.2", 3, 64, 5, 1'000).answered, 3);
    heal();
    set(Trouble::cut_one_way, "1 partition_one_way at=0 for=1 a=s1 b=c1\n");
    EXPECT_EQ(ping("10.77.0.1", 3, 64, 5, 100).answered, 0);
    heal();
}

TEST_F(RealLinks, loss) {
    if (!set(Trouble::loss, "1 slow_link at=0 for=1 a=s1 b=c1 loss_percent=30\n")) {
        GTEST_SKIP() << "no random loss";
    }
    // Each way loses 30 of 100: half come back.
    const Echoes echoes = ping("10.77.0.1", 400, 64, 1, 200);
    EXPECT_GT(echoes.answered, 120);
    EXPECT_LT(echoes.answered, 280);
    heal();
}

TEST_F(RealLinks, delay) {
    if (!set(Trouble::delay, "1 slow_link at=0 for=1 a=s1 b=c1 delay_ms=60\n")) {
        GTEST_SKIP() << "no delay";
    }
    // The line may still be coming up while the first ones are on their way.
    ping("10.77.0.1", 30, 64, 10, 0);
    const Echoes echoes = ping("10.77.0.1", 5, 64, 5, 2'000);
    EXPECT_EQ(echoes.answered, 5);
    EXPECT_GE(echoes.fastest_us, 100'000);
    EXPECT_LT(echoes.fastest_us, 400'000);
    EXPECT_LT(ping("10.77.0.2", 3, 64, 5, 1'000).fastest_us, 50'000);
    heal();
}

TEST_F(RealLinks, rate) {
    if (!set(Trouble::rate, "1 slow_link at=0 for=1 a=s1 b=c1 rate_kbit=200\n")) {
        GTEST_SKIP() << "no rate limit";
    }
    // 100 kB want to come back within half a second; 12 kB may, beside a burst of 16 kB.
    const Echoes echoes = ping("10.77.0.1", 100, 1'000, 1, 400);
    EXPECT_GT(echoes.answered, 5);
    EXPECT_LT(echoes.answered, 60);
    heal();
}

}  // namespace
}  // namespace quern::harness::chaos
