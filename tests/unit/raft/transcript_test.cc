// Replays tests/transcripts. QUERN_REWRITE=1 writes the new outputs, to be reviewed as a diff.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/paths.h"
#include "tests/unit/raft/transcript.h"

namespace quern::raft::testing {
namespace {

std::vector<std::string> transcripts() {
    std::vector<std::string> names;
    const std::string folder = std::string(tests::source_folder()) + "/tests/transcripts";
    for (const auto& file : std::filesystem::directory_iterator(folder)) {
        if (file.path().extension() == ".txt") names.push_back(file.path().stem().string());
    }
    std::sort(names.begin(), names.end());
    return names;
}

class Transcripts : public ::testing::TestWithParam<std::string> {};

TEST_P(Transcripts, reads_as_written) {
    const std::string path =
        std::string(tests::source_folder()) + "/tests/transcripts/" + GetParam() + ".txt";
    std::stringstream text;
    text << std::ifstream(path).rdbuf();
    const std::string now = rerun(text.str());
    EXPECT_EQ(now.find("UNSAFE"), std::string::npos) << now;
    if (std::getenv("QUERN_REWRITE") != nullptr) {
        std::ofstream(path) << now;
    } else {
        EXPECT_EQ(now, text.str());
    }
}

INSTANTIATE_TEST_SUITE_P(Raft, Transcripts, ::testing::ValuesIn(transcripts()),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace quern::raft::testing
