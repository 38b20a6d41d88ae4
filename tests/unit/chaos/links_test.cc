#include <gtest/gtest.h>

#include "harness/chaos/delay_line.h"
#include "harness/chaos/namespace_hosts.h"
#include "harness/chaos/packet_rules.h"

#include <unistd.h>

namespace quern::harness::chaos {
namespace {

const std::vector<std::string> hosts = {"s1", "s2", "s3", "clients"};
const Addresses addresses = {
    {"s1", "10.77.0.1"}, {"s2", "10.77.0.2"}, {"s3", "10.77.0.3"}, {"clients", "10.77.0.254"}};

Links links_of(const std::string& lines) {
    static sim::FaultPlan plan;
    plan = *sim::FaultPlan::parse(lines);
    std::vector<const sim::Fault*> active;
    for (const sim::Fault& fault : plan.faults) active.push_back(&fault);
    return links_under(active, hosts);
}

TEST(Links, a_cut_is_between_its_sides_both_ways) {
    const Links links = links_of("1 partition at=0 for=1 a=s1 b=s2,c1,c2\n");
    EXPECT_TRUE(links.find("s1", "s2").cut);
    EXPECT_TRUE(links.find("s2", "s1").cut);
    EXPECT_TRUE(links.find("clients", "s1").cut);
    EXPECT_FALSE(links.find("s1", "s3").cut);
    EXPECT_FALSE(links.find("s2", "s3").cut);
    EXPECT_FALSE(links.find("clients", "s2").cut);
}

TEST(Links, a_cut_one_way_lets_the_other_way_be) {
    const Links links = links_of("1 partition_one_way at=0 for=1 a=s1 b=s2\n");
    EXPECT_TRUE(links.find("s1", "s2").cut);
    EXPECT_FALSE(links.find("s2", "s1").cut);
}

TEST(Links, without_a_second_side_it_is_everybody) {
    const Links links = links_of("1 partition at=0 for=1 a=s2\n");
    for (const char* other : {"s1", "s3", "clients"}) EXPECT_TRUE(links.find(other, "s2").cut);
    EXPECT_FALSE(links.find("s1", "s3").cut);
}

TEST(Links, faults_that_overlap_add_up) {
    const Links links = links_of(
        "1 slow_link at=0 for=1 a=s1 b=s2 loss_percent=5\n"
        "2 slow_link at=0 for=1 a=s2 b=s1 loss_percent=30 delay_ms=20\n"
        "3 slow_link at=0 for=1 a=s1 b=s2,s3 rate_kbit=300\n"
        "4 slow_link at=0 for=1 a=s1 b=s2 rate_kbit=100\n"
        "5 kill at=0 for=1 a=s3\n");
    EXPECT_EQ(links.find("s1", "s2"), (LinkState{false, 30, 20}));
    EXPECT_EQ(links.find("s2", "s1"), (LinkState{false, 30, 20}));
    EXPECT_EQ(links.rate_kbit, (std::map<std::string, int64_t>{{"s1", 100}}));
    EXPECT_EQ(links.find("s1", "s3"), LinkState{});
    EXPECT_EQ(links_of("5 kill at=0 for=1 a=s3\n"), Links{});
}

TEST(PacketRules, drop_what_comes_from_who_is_cut_off_and_some_of_what_is_lossy) {
    const Links links = links_of(
        "1 partition_one_way at=0 for=1 a=s1 b=s2\n"
        "2 slow_link at=0 for=1 a=s3 b=s2 loss_percent=7\n");
    EXPECT_EQ(nft_rules(links, "s2", addresses),
              "table ip quern_chaos {}\ndelete table ip quern_chaos\ntable ip quern_chaos {\n"
              "  chain input {\n    type filter hook input priority 0; policy accept;\n"
              "    ip saddr 10.77.0.1 drop\n"
              "    ip saddr 10.77.0.3 numgen random mod 100 < 7 drop\n  }\n}\n");
    EXPECT_EQ(iptables_rules(links, "s2", addresses),
              "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -s 10.77.0.1 -j DROP\n"
              "-A INPUT -s 10.77.0.3 -m statistic --mode random --probability 0.07 -j DROP\nCOMMIT\n");
    EXPECT_EQ(nft_rules(links, "s1", addresses).find("drop"), std::string::npos);
}

TEST(PacketRules, shape_what_a_host_sends) {
    const Links links = links_of(
        "1 slow_link at=0 for=1 a=s1 b=s2 rate_kbit=300\n"
        "2 slow_link at=0 for=1 a=s1 b=s2 delay_ms=20\n");
    using Words = std::vector<std::string>;
    EXPECT_EQ(shaping_arguments(links, "s1", false),
              (Words{"tbf", "rate", "300kbit", "burst", "16kb", "latency", "400ms"}));
    EXPECT_EQ(shaping_arguments(links, "s1", true),
              (Words{"netem", "limit", "10000", "delay", "20ms", "rate", "300kbit"}));
    EXPECT_EQ(shaping_arguments(links, "s2", true), (Words{"netem", "limit", "10000", "delay", "20ms"}));
    EXPECT_EQ(shaping_arguments(links, "s2", false), Words{});
    EXPECT_EQ(delays_from(links, "s2", addresses), (std::map<std::string, int64_t>{{"10.77.0.1", 20}}));
}

TEST(DelayLine, reads_its_arguments) {
    const auto options = parse_delay_line({"eth0", "10.77.0.1", "10.77.0.2=50", "10.77.0.3=7"});
    ASSERT_TRUE(options);
    EXPECT_EQ(options->device, "eth0");
    EXPECT_EQ(options->delays_ms, (std::map<std::string, int64_t>{{"10.77.0.2", 50}, {"10.77.0.3", 7}}));
    for (const char* wrong : {"10.77.0.2", "10.77.0.2=", "10.77.0.2=x", "10.77.0.2=5x", "here=5", "10.77.0.2=0"}) {
        EXPECT_FALSE(parse_delay_line({"eth0", "10.77.0.1", wrong})) << wrong;
    }
    EXPECT_FALSE(parse_delay_line({"eth0", "10.77.0.1"}));
}

TEST(StaleNames, are_ours_and_of_processes_that_are_gone) {
    // Numbers of processes end far below this one.
    EXPECT_TRUE(stale_name("quern-chaos-2000000000-s1"));
    EXPECT_FALSE(stale_name("quern-chaos-" + std::to_string(::getpid()) + "-s1"));
    for (const char* other : {"mine", "quern-chaos-", "quern-chaos-x-s1", "quern-chaos-2000000000",
                              "quern-chaos--5-s1", "other-quern-chaos-2000000000-s1"}) {
        EXPECT_FALSE(stale_name(other)) << other;
    }
}

}  // namespace
}  // namespace quern::harness::chaos
