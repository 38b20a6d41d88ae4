#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "system/os/data_directory.h"
#include "system/os/os_env.h"
#include "tests/conformance/temporary_folder.h"

#include <gtest/gtest.h>

namespace quern::os {
namespace {

using conformance::TemporaryFolder;

TEST(DataDirectory, is_made_with_its_parents) {
    const TemporaryFolder folder;
    const auto opened = DataDirectory::open(folder.path() + "/one/two");
    ASSERT_TRUE(opened.has_value()) << opened.error().to_string();
    EXPECT_TRUE(std::filesystem::is_directory(folder.path() + "/one/two"));
    EXPECT_TRUE(std::filesystem::exists(folder.path() + "/one/two/LOCK"));
}

TEST(DataDirectory, is_held_by_one_at_a_time) {
    const TemporaryFolder folder;
    auto first = DataDirectory::open(folder.path());
    ASSERT_TRUE(first.has_value());
    const auto second = DataDirectory::open(folder.path());
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().code, ErrorCode::already_exists);
    EXPECT_EQ(second.error().detail,
              "data directory " + folder.path() + " is in use by another process");
    *first = DataDirectory();
    EXPECT_TRUE(DataDirectory::open(folder.path()).has_value());
}

TEST(DataDirectory, another_process_is_refused) {
    const TemporaryFolder folder;
    const auto held = DataDirectory::open(folder.path());
    ASSERT_TRUE(held.has_value());
    const pid_t child = ::fork();
    if (child == 0) ::_exit(DataDirectory::open(folder.path()).has_value() ? 0 : 42);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(WEXITSTATUS(status), 42);
}

TEST(DataDirectory, a_file_in_its_place_is_an_error) {
    const TemporaryFolder folder;
    std::ofstream(folder.path() + "/file") << "x";
    EXPECT_FALSE(DataDirectory::open(folder.path() + "/file").has_value());
    EXPECT_FALSE(DataDirectory::open("").has_value());
}

TEST(OsEnv, tells_that_its_directory_is_in_use) {
    const TemporaryFolder folder;
    OsOptions options;
    options.data_directory = folder.path();
    const auto first = OsEnv::open(options);
    ASSERT_TRUE(first.has_value());
    const auto second = OsEnv::open(options);
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().code, ErrorCode::already_exists);
}

TEST(OsEnv, without_a_directory_has_no_disk) {
    auto env = OsEnv::open({});
    ASSERT_TRUE(env.has_value());
    std::optional<ErrorCode> code;
    (*env)->env().disk.list("", [&](Result<std::vector<std::string>> r) {
        code = r.has_value() ? ErrorCode::ok : r.error().code;
    });
    ASSERT_TRUE((*env)->run_until([&] { return code.has_value(); },
                                  (*env)->env().clock.now() + Duration::seconds(5)));
    EXPECT_EQ(*code, ErrorCode::not_supported);
}

}  // namespace
}  // namespace quern::os
