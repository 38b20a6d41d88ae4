// Parts of a campaign add up to the whole, and only wholes count.
#include <gtest/gtest.h>

#include "harness/campaign_file.h"

namespace quern::harness {
namespace {

SeedReport report_of(uint64_t seed) {
    SeedReport report;
    report.result.seed = seed;
    report.result.trace_hash = seed * 1000;
    report.result.events = seed;
    report.verified = seed % 2 == 0;
    return report;
}

CampaignPart part_of(uint64_t shard, uint64_t shards, uint64_t last_seed = 10) {
    CampaignOptions options;
    options.first_seed = 3;
    options.last_seed = last_seed;
    options.shard = shard;
    options.shards = shards;
    CampaignPart part;
    part.head = head_of(options, "abc");
    for (uint64_t seed = 3 + shard; seed <= last_seed; seed += shards) {
        part.reports.push_back(report_of(seed));
    }
    part.canary = CanaryState::caught;
    part.ended = true;
    return part;
}

std::string text_of(const CampaignPart& part) {
    std::string text = head_line(part.head) + "\n";
    for (const SeedReport& report : part.reports) text += to_line(report) + "\n";
    if (part.ended) text += end_line(part.canary, part.wall_ns) + "\n";
    return text;
}

TEST(CampaignParts, add_up_to_the_whole_in_any_order) {
    const MergedCampaign whole = merge_parts({part_of(0, 1)});
    EXPECT_EQ(whole.void_because, "");
    EXPECT_EQ(whole.result.seeds, 8u);
    EXPECT_EQ(whole.result.verified, 4u);
    const MergedCampaign merged = merge_parts({part_of(2, 3), part_of(0, 3), part_of(1, 3)});
    EXPECT_EQ(merged.void_because, "");
    EXPECT_EQ(merged.result.to_json(), whole.result.to_json());
    EXPECT_EQ(merged.canary, CanaryState::caught);
}

TEST(CampaignParts, come_back_from_a_file) {
    CampaignPart part = part_of(1, 3);
    part.reports[1].result.violation_count = 1;
    part.reports[1].result.violations.push_back({"Q1", "lost \"x\"\n", 5});
    part.wall_ns = 17;
    const Result<CampaignPart> read = read_part(text_of(part));
    ASSERT_TRUE(read.has_value()) << read.error().to_string();
    EXPECT_EQ(text_of(*read), text_of(part));
    EXPECT_EQ(read->wall_ns, 17);
}

TEST(CampaignParts, what_is_no_part_is_refused_with_the_line) {
    const std::string good = text_of(part_of(0, 2));
    EXPECT_FALSE(read_part("").has_value());
    EXPECT_FALSE(read_part("{}\n").has_value());
    EXPECT_FALSE(read_part(good + "{\"seed\":1}\n").has_value());
    EXPECT_FALSE(read_part(good + end_line(CanaryState::none, 1) + "\n").has_value());
    const size_t second = good.find('\n') + 1;
    const auto read = read_part(good.substr(0, second) + "{\"seed\":\"x\"}\n");
    ASSERT_FALSE(read.has_value());
    EXPECT_NE(read.error().detail.find("line 2"), std::string::npos);
    std::string none = good;
    none.replace(none.find("\"shards\":2"), 10, "\"shards\":0");
    EXPECT_FALSE(read_part(none).has_value());
    for (const char* number : {"1e92", "1.5", "99999999999999999999"}) {
        std::string unwhole = good;
        unwhole.replace(unwhole.find("\"shards\":2"), 10, std::string("\"shards\":") + number);
        EXPECT_FALSE(read_part(unwhole).has_value()) << number;
    }
}

TEST(CampaignParts, a_campaign_with_a_hole_is_void) {
    EXPECT_EQ(merge_parts({}).void_because, "there are no parts");
    EXPECT_EQ(merge_parts({part_of(0, 3), part_of(2, 3)}).void_because,
              "1 of 3 shards are missing: 1");
    EXPECT_EQ(merge_parts({part_of(0, 2), part_of(0, 2)}).void_because, "shard 0 is there twice");
    EXPECT_EQ(merge_parts({part_of(0, 2), part_of(1, 2, 11)}).void_because,
              "shard 1 does not belong to shard 0: it is of other seeds");
    CampaignPart other = part_of(1, 2);
    other.head.program = "def";
    EXPECT_EQ(merge_parts({part_of(0, 2), other}).void_because,
              "shard 1 does not belong to shard 0: another build of quern-sim ran it");
    CampaignPart cut = part_of(1, 2);
    cut.ended = false;
    EXPECT_EQ(merge_parts({part_of(0, 2), cut}).void_because, "shard 1 was not run to its end");
    CampaignPart less = part_of(1, 2);
    less.reports.erase(less.reports.begin() + 1);
    EXPECT_EQ(merge_parts({part_of(0, 2), less}).void_because, "shard 1 lacks seed 6");
    less = part_of(1, 2);
    less.reports.push_back(report_of(12));
    EXPECT_NE(merge_parts({part_of(0, 2), less}).void_because, "");
}

TEST(CampaignParts, one_missed_canary_is_enough) {
    CampaignPart part = part_of(1, 2);
    part.canary = CanaryState::missed;
    EXPECT_EQ(merge_parts({part_of(0, 2), part}).canary, CanaryState::missed);
    part.canary = CanaryState::none;
    EXPECT_EQ(merge_parts({part_of(0, 2), part}).canary, CanaryState::none);
}

TEST(Campaign, shards_and_processes_do_not_change_what_comes_out) {
    CampaignOptions options;
    options.first_seed = 5;
    options.last_seed = 9;
    options.verify_per_cent = 100;
    const CampaignResult whole = run_campaign(options);
    EXPECT_EQ(whole.seeds, 5u);
    EXPECT_EQ(whole.verified, 5u);
    options.shards = 2;
    options.verify_per_cent = 0;
    std::vector<CampaignPart> parts;
    for (options.shard = 0; options.shard < 2; ++options.shard) {
        options.jobs = static_cast<uint32_t>(2 - options.shard);
        CampaignPart part;
        part.head = head_of(options, "abc");
        const CampaignResult result = run_campaign(
            options, [&part](const SeedReport& report) { part.reports.push_back(report); });
        EXPECT_EQ(result.seeds, seeds_of_shard(options));
        part.ended = true;
        parts.push_back(std::move(part));
    }
    const MergedCampaign merged = merge_parts(std::move(parts));
    EXPECT_EQ(merged.void_because, "");
    EXPECT_EQ(merged.result.trace_hash.value(), whole.trace_hash.value());
    EXPECT_EQ(merged.result.events, whole.events);
}

TEST(Campaign, a_seed_that_takes_too_long_has_failed) {
    CampaignOptions options;
    options.first_seed = options.last_seed = 5;
    options.seed_limit_s = -1;  // any time at all is too long
    const CampaignResult result = run_campaign(options);
    EXPECT_EQ(result.failed_seeds, std::vector<uint64_t>{5});
    EXPECT_EQ(result.first_invariant, "time-out");
}

}  // namespace
}  // namespace quern::harness
