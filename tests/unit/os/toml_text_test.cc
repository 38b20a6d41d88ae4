#include "system/os/toml_text.h"

#include <gtest/gtest.h>

namespace quern::os {
namespace {

TEST(TomlText, a_table_without_a_name_is_found) {
    EXPECT_EQ(line_of_nameless_table("a = 1\n[\nb = 2\n"), 2u);
    EXPECT_EQ(line_of_nameless_table("[]"), 1u);
    EXPECT_EQ(line_of_nameless_table("[[ ]]"), 1u);
    EXPECT_EQ(line_of_nameless_table("\n\n  [\xff]"), 3u);
    EXPECT_EQ(line_of_nameless_table("[[["), 1u);
}

TEST(TomlText, all_else_is_the_parsers_business) {
    EXPECT_EQ(line_of_nameless_table(""), 0u);
    EXPECT_EQ(line_of_nameless_table("[a]\n[[b]]\n[ \"c d\" ]\nx = [\n1,\n2 ]\n]"), 0u);
}

TEST(TomlText, letters_beyond_ascii_stand_in_strings_and_comments) {
    EXPECT_EQ(line_of_stray_letter("# é\na = \"é \\\" é\"\nb = 'é\\'\n"), 0u);
    EXPECT_EQ(line_of_stray_letter("\xef\xbb\xbf" "a = 1\n"), 0u);
    EXPECT_EQ(line_of_stray_letter("a = 1\né = 2\n"), 2u);
    EXPECT_EQ(line_of_stray_letter("\xef\xbb\xbdnode = 1\n"), 1u);
    EXPECT_EQ(line_of_stray_letter("a = \"b\" é\n"), 1u);
    EXPECT_EQ(line_of_stray_letter("a = '\\' é '\n"), 1u);
}

// What is inside of such a string is not looked for.
TEST(TomlText, a_text_with_strings_of_several_lines_is_ascii_throughout) {
    EXPECT_EQ(line_of_stray_letter("a = \"\"\"b\"\"\"\n# c\n"), 0u);
    EXPECT_EQ(line_of_stray_letter("a = \'\'\'b\'\'\'\n# é\n"), 2u);
}

TEST(TomlText, a_file_that_is_not_there_is_named) {
    const auto text = read_toml_text("/nowhere/file.toml");
    ASSERT_FALSE(text.has_value());
    EXPECT_EQ(text.error().code, ErrorCode::not_found);
    EXPECT_NE(text.error().to_string().find("/nowhere/file.toml"), std::string::npos);
}

}  // namespace
}  // namespace quern::os
