#include <gtest/gtest.h>

#include <cerrno>
#include <vector>

#include "harness/chaos/forgetful_files.h"
#include "system/base/prng.h"

namespace quern::harness::chaos {
namespace {

using Files = ForgetfulFiles;

std::vector<uint8_t> bytes_of(const std::string& text) { return {text.begin(), text.end()}; }

void write(Files& files, const std::string& path, uint64_t offset, const std::string& text,
           bool durable = false) {
    Files::write(*files.find(path), offset, bytes_of(text), durable);
}

std::string read(const Files& files, const std::string& path) {
    const auto file = files.find(path);
    if (file == nullptr) return "(none)";
    std::string text(file->content.size, '?');
    const size_t got = Files::read(*file, 0, {reinterpret_cast<uint8_t*>(text.data()), text.size()});
    EXPECT_EQ(got, text.size());
    return text;
}

// A draw whose power loss keeps nothing (0), everything (1), or some (2).
uint64_t draw_that_keeps(uint64_t what) {
    uint64_t draw = 1;
    while (mix64(draw) % 3 != what) ++draw;
    return draw;
}
const uint64_t nothing = draw_that_keeps(0);
const uint64_t everything = draw_that_keeps(1);

// A file "/a" whose name and first content are durable.
Files with_file(const std::string& text) {
    Files files;
    EXPECT_EQ(files.make("/a", false), 0);
    write(files, "/a", 0, text);
    Files::sync(*files.find("/a"));
    Files::sync(*files.find("/"));
    return files;
}

TEST(ForgetfulFiles, keep_what_was_synced_and_forget_the_rest) {
    Files files = with_file("old");
    write(files, "/a", 0, "newer");
    EXPECT_EQ(read(files, "/a"), "newer");
    files.lose_power(nothing);
    EXPECT_EQ(read(files, "/a"), "old");
}

TEST(ForgetfulFiles, may_keep_everything) {
    Files files = with_file("old");
    write(files, "/a", 0, "newer");
    EXPECT_EQ(files.make("/b", false), 0);
    files.lose_power(everything);
    EXPECT_EQ(read(files, "/a"), "newer");
    EXPECT_EQ(read(files, "/b"), "");
}

TEST(ForgetfulFiles, a_durable_write_keeps_its_own_bytes_alone) {
    Files files = with_file("aaaa");
    write(files, "/a", 0, "b");
    write(files, "/a", 2, "cde", true);
    EXPECT_EQ(read(files, "/a"), "bacde");
    files.lose_power(nothing);
    EXPECT_EQ(read(files, "/a"), "aacde");
}

TEST(ForgetfulFiles, a_name_is_durable_with_its_folder) {
    Files files;
    files.make("/a", false);
    write(files, "/a", 0, "x");
    Files::sync(*files.find("/a"));
    files.lose_power(nothing);
    EXPECT_EQ(read(files, "/a"), "(none)");
}

TEST(ForgetfulFiles, a_rename_or_removal_comes_back_until_its_folder_is_synced) {
    Files files = with_file("old");
    files.make("/b", false);
    write(files, "/b", 0, "new");
    Files::sync(*files.find("/b"));
    EXPECT_EQ(files.rename("/b", "/a"), 0);
    EXPECT_EQ(read(files, "/a"), "new");
    files.lose_power(nothing);
    EXPECT_EQ(read(files, "/a"), "old");

    Files other = with_file("old");
    EXPECT_EQ(other.remove("/a", false), 0);
    other.lose_power(nothing);
    EXPECT_EQ(read(other, "/a"), "old");
    other.remove("/a", false);
    Files::sync(*other.find("/"));
    other.lose_power(nothing);
    EXPECT_EQ(read(other, "/a"), "(none)");
}

TEST(ForgetfulFiles, what_was_cut_off_does_not_come_back_as_zeroes_that_were_not_there) {
    Files files = with_file("abcdef");
    Files::resize(*files.find("/a"), 2);
    Files::resize(*files.find("/a"), 4);
    EXPECT_EQ(read(files, "/a"), std::string("ab\0\0", 4));
    Files one = with_file("abcdef");
    Files::resize(*one.find("/a"), 2);
    one.lose_power(nothing);
    EXPECT_EQ(read(one, "/a"), "abcdef");
    Files::sync(*files.find("/a"));
    files.lose_power(nothing);
    EXPECT_EQ(read(files, "/a"), std::string("ab\0\0", 4));
}

TEST(ForgetfulFiles, some_sectors_survive_whole_and_some_do_not) {
    constexpr size_t size = 64 * Files::sector_bytes;
    Files files = with_file(std::string(size, 'o'));
    write(files, "/a", 0, std::string(size, 'n'));
    files.lose_power(draw_that_keeps(2));
    const std::string left = read(files, "/a");
    ASSERT_EQ(left.size(), size);
    size_t kept = 0;
    for (size_t at = 0; at < size; at += Files::sector_bytes) {
        const std::string sector = left.substr(at, Files::sector_bytes);
        EXPECT_EQ(sector, std::string(Files::sector_bytes, sector[0]));
        kept += sector[0] == 'n' ? 1 : 0;
    }
    EXPECT_GT(kept, 8u);
    EXPECT_LT(kept, 56u);
    // What is left is durable.
    files.lose_power(nothing);
    EXPECT_EQ(read(files, "/a"), left);
}

TEST(ForgetfulFiles, folders) {
    Files files;
    EXPECT_EQ(files.make("/d", true), 0);
    EXPECT_EQ(files.make("/d", true), EEXIST);
    EXPECT_EQ(files.make("/e/a", false), ENOENT);
    EXPECT_EQ(files.make("/d/a", false), 0);
    EXPECT_EQ(files.remove("/d", true), ENOTEMPTY);
    EXPECT_EQ(files.remove("/d/a", true), ENOTDIR);
    Files::sync(*files.find("/d"));
    files.lose_power(nothing);
    EXPECT_EQ(files.find("/d"), nullptr);
}

}  // namespace
}  // namespace quern::harness::chaos
