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

TEST(TomlText, a_file_that_is_not_there_is_named) {
    const auto text = read_toml_text("/nowhere/file.toml");
    ASSERT_FALSE(text.has_value());
    EXPECT_EQ(text.error().code, ErrorCode::not_found);
    EXPECT_NE(text.error().to_string().find("/nowhere/file.toml"), std::string::npos);
}

}  // namespace
}  // namespace quern::os
