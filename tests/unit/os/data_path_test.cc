#include "system/os/data_path.h"

#include <gtest/gtest.h>

namespace quern::os {
namespace {

TEST(DataPath, plain_paths_are_accepted) {
    for (const char* path :
         {"a", "wal/000001.log", "A-z_0.9", "a/b/c/d", ".hidden", "a..b", "LOCK.x", "wal/LOCK"}) {
        EXPECT_TRUE(check_file_path(path).has_value()) << path;
    }
}

TEST(DataPath, whatever_could_leave_the_directory_is_refused) {
    for (const std::string path :
         {"", "/", "/etc/passwd", "..", "../a", "a/..", "a/../b", ".", "./a", "a/.", "a//b", "a/",
          "a b", "a\n", "a\\b", "\xc3\xa4", "LOCK", "~", "a*"}) {
        const auto checked = check_file_path(path);
        ASSERT_FALSE(checked.has_value()) << path;
        EXPECT_EQ(checked.error().code, ErrorCode::invalid_argument);
    }
    EXPECT_FALSE(check_file_path(std::string("a\0b", 3)).has_value());
    EXPECT_FALSE(check_file_path(std::string(256, 'a')).has_value());
    EXPECT_TRUE(check_file_path(std::string(255, 'a')).has_value());
}

TEST(DataPath, a_folder_may_be_the_root) {
    EXPECT_EQ(check_folder_path("").value_or("?"), ".");
    EXPECT_EQ(check_folder_path(".").value_or("?"), ".");
    EXPECT_EQ(check_folder_path("a/b").value_or("?"), "a/b");
    EXPECT_FALSE(check_folder_path("..").has_value());
    EXPECT_FALSE(check_folder_path("/").has_value());
}

}  // namespace
}  // namespace quern::os
