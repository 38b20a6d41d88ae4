#include "system/metadata/change_log.h"

#include <gtest/gtest.h>

namespace quern::metadata {
namespace {

Change removal(uint64_t version) {
    return {CatalogueVersion(version), QueueRemoved{QueueId(version), {default_account, "q"}}};
}

std::vector<uint64_t> versions(const std::optional<std::vector<Change>>& changes) {
    std::vector<uint64_t> found;
    if (!changes) return {UINT64_MAX};
    for (const Change& change : *changes)
        found.push_back(change.version.value);
    return found;
}

using Versions = std::vector<uint64_t>;

TEST(ChangeLog, gives_what_came_after_a_version_in_order) {
    ChangeLog log(100, 100'000);
    for (const uint64_t version : {1u, 2u, 4u})
        log.add(removal(version));
    EXPECT_EQ(versions(log.since(CatalogueVersion(0), 10)), (Versions{1, 2, 4}));
    EXPECT_EQ(versions(log.since(CatalogueVersion(2), 10)), (Versions{4}));
    EXPECT_EQ(versions(log.since(CatalogueVersion(3), 10)), (Versions{4}));
    EXPECT_EQ(versions(log.since(CatalogueVersion(4), 10)), (Versions{}));
}

TEST(ChangeLog, pages_never_split_a_version) {
    ChangeLog log(100, 100'000);
    for (const uint64_t version : {1u, 1u, 1u, 2u})
        log.add(removal(version));
    EXPECT_EQ(versions(log.since(CatalogueVersion(0), 1)), (Versions{1, 1, 1}));
    EXPECT_EQ(versions(log.since(CatalogueVersion(0), 0)), (Versions{1, 1, 1}));
    EXPECT_EQ(versions(log.since(CatalogueVersion(1), 1)), (Versions{2}));
}

TEST(ChangeLog, is_bounded_by_count_and_drops_whole_versions) {
    ChangeLog log(3, 100'000);
    for (const uint64_t version : {1u, 1u, 2u})
        log.add(removal(version));
    EXPECT_EQ(log.size(), 3u);
    log.add(removal(3));
    EXPECT_EQ(log.size(), 2u);
    EXPECT_EQ(versions(log.since(CatalogueVersion(0), 10)), (Versions{UINT64_MAX}));
    EXPECT_EQ(versions(log.since(CatalogueVersion(1), 10)), (Versions{2, 3}));
}

TEST(ChangeLog, is_bounded_by_bytes) {
    ChangeLog log(100, 200);
    for (uint64_t version = 1; version <= 50; ++version) {
        log.add(removal(version));
        EXPECT_LE(log.bytes(), 200u);
    }
    EXPECT_EQ(versions(log.since(log.floor(), 10)).back(), 50u);
}

TEST(ChangeLog, a_version_larger_than_the_log_leaves_it_empty) {
    ChangeLog log(2, 100'000);
    for (const uint64_t version : {1u, 1u, 1u, 1u})
        log.add(removal(version));
    EXPECT_EQ(log.size(), 0u);
    EXPECT_EQ(versions(log.since(CatalogueVersion(0), 10)), (Versions{UINT64_MAX}));
    EXPECT_EQ(versions(log.since(CatalogueVersion(1), 10)), (Versions{}));
}

TEST(ChangeLog, a_restart_forgets_everything_before) {
    ChangeLog log(100, 100'000);
    log.add(removal(1));
    log.restart(CatalogueVersion(7));
    EXPECT_EQ(versions(log.since(CatalogueVersion(6), 10)), (Versions{UINT64_MAX}));
    EXPECT_EQ(versions(log.since(CatalogueVersion(7), 10)), (Versions{}));
}

}  // namespace
}  // namespace quern::metadata
