// The product's main job on real processes: every line sent, received and deleted, while the leader is
// killed half-way.
#include <gtest/gtest.h>

#include "tests/integration/process.h"

namespace quern::tests {
namespace {

// Lines of many lengths, some empty, some equal.
std::string many_lines(int count) {
    std::string text;
    for (int i = 0; i < count; ++i) {
        if (i % 97 != 0) text += std::string(static_cast<size_t>(i % 61), static_cast<char>('a' + i % 26));
        if (i % 3 == 0) text += std::to_string(i);
        text += '\n';
    }
    return text;
}

TEST(MainJob, nothing_is_lost_when_the_leader_dies_half_way) {
    const TemporaryFolder folder;
    constexpr int lines = 20'000;
    write_file(folder / "lines.txt", many_lines(lines));
    const Output output =
        run_quern({"dev", "--data", folder / "data", "--nodes", "3", "--port",
                   std::to_string(free_ports(9)), "--once", folder / "lines.txt"},
                  "", 240);
    EXPECT_EQ(output.status, 0) << output.out << output.err;
    EXPECT_NE(output.out.find("main job: 20000 lines, sent 20000, received 20000, deleted 20000, "
                              "lost 0, duplicated 0"),
              std::string::npos)
        << output.out << output.err;
    EXPECT_NE(output.out.find("counters agree"), std::string::npos) << output.out;
    // The leader really died, and was missed.
    EXPECT_NE(output.out.find(" killed, outage "), std::string::npos) << output.out;
    EXPECT_EQ(output.out.find("leader node 0 killed"), std::string::npos) << output.out;
}

TEST(MainJob, a_file_that_cannot_be_sent_is_refused_before_anything_starts) {
    const TemporaryFolder folder;
    auto once = [&](const std::string& file) {
        return run_quern({"dev", "--data", folder / "data", "--once", file});
    };
    Output output = once(folder / "missing.txt");
    EXPECT_EQ(output.status, 1);
    EXPECT_NE(output.err.find("not_found"), std::string::npos) << output.err;

    write_file(folder / "empty.txt", "");
    output = once(folder / "empty.txt");
    EXPECT_EQ(output.status, 1);
    EXPECT_NE(output.err.find("has no lines"), std::string::npos) << output.err;

    write_file(folder / "long.txt", "short\n" + std::string(1'100'000, 'x') + "\n");
    output = once(folder / "long.txt");
    EXPECT_EQ(output.status, 1);
    EXPECT_NE(output.err.find("message_too_large"), std::string::npos) << output.err;
    EXPECT_NE(output.err.find("line 2"), std::string::npos) << output.err;
}

}  // namespace
}  // namespace quern::tests
