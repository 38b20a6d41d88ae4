// A cluster that is stopped and started again, and one that must not start.
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/integration/dev_cluster.h"

namespace quern::tests {
namespace {

TEST(Restart, finds_all_messages_and_refuses_what_does_not_fit) {
    const TemporaryFolder folder;
    DevCluster cluster(folder / "data", 3);
    ASSERT_NO_FATAL_FAILURE(cluster.start());
    const std::string ready = talk_to(cluster.port() + 6, "GET /ready HTTP/1.1\r\n\r\n", 5);
    EXPECT_TRUE(ready.starts_with("HTTP/1.1 200 OK\r\n")) << ready;
    const std::string metrics = talk_to(cluster.port() + 6, "GET /metrics HTTP/1.1\r\n\r\n", 5);
    EXPECT_NE(metrics.find("\nquern_groups_without_leader 0\n"), std::string::npos) << metrics;
    cluster.ok({"queue", "create", "jobs"});
    cluster.ok({"send", "jobs", "--lines", "-"}, "one\ntwo\nthree\n");
    // What was received but not deleted is still leased after the restart, what was deleted is gone.
    const std::string first = cluster.ok({"receive", "jobs", "--delete"});
    ASSERT_NO_FATAL_FAILURE(cluster.stop());

    Output refused = run_quern({"dev", "--data", folder / "data", "--nodes", "1"});
    EXPECT_EQ(refused.status, 1);
    EXPECT_NE(refused.err.find("cluster of 3 nodes, not 1"), std::string::npos) << refused.err;

    {
        const PortHolder holder(cluster.port() + 1);
        refused = run_quern({"dev", "--data", folder / "data"});
        EXPECT_EQ(refused.status, 1);
        EXPECT_NE(refused.err.find("address_in_use: port " + std::to_string(cluster.port() + 1)),
                  std::string::npos)
            << refused.err;
    }

    ASSERT_NO_FATAL_FAILURE(cluster.start());
    std::string all = first + cluster.ok({"receive", "jobs", "--max", "10", "--wait", "5s", "--delete"});
    for (const char* body : {"one\n", "two\n", "three\n"})
        EXPECT_NE(all.find(body), std::string::npos) << all;
    EXPECT_EQ(all.size(), std::string("one\ntwo\nthree\n").size()) << all;
    const std::string shown = cluster.ok({"queue", "show", "jobs", "--json"});
    EXPECT_NE(shown.find("\"sent\":3"), std::string::npos) << shown;
    EXPECT_NE(shown.find("\"deleted\":3"), std::string::npos) << shown;
    cluster.stop();

    // A node with the data of another cluster does not start.
    const TemporaryFolder other;
    DevCluster stranger(other / "data", 1);
    ASSERT_NO_FATAL_FAILURE(stranger.start());
    stranger.stop();
    std::filesystem::remove_all(folder / "data/node1");
    std::filesystem::copy(other / "data/node1", folder / "data/node1",
                          std::filesystem::copy_options::recursive);
    refused = run_quern({"dev", "--data", folder / "data"}, "", 90);
    EXPECT_EQ(refused.status, 1);
    EXPECT_NE(refused.err.find("data_foreign"), std::string::npos) << refused.err;
}

TEST(Restart, directories_that_cannot_be_used_are_named) {
    const TemporaryFolder folder;
    write_file(folder / "letter.txt", "dear reader\n");
    Output output = run_quern({"dev", "--data", folder.path()});
    EXPECT_EQ(output.status, 1);
    EXPECT_NE(output.err.find("data_foreign"), std::string::npos) << output.err;
    EXPECT_NE(output.err.find("letter.txt"), std::string::npos) << output.err;

    output = run_quern({"dev", "--data", folder / "letter.txt"});
    EXPECT_EQ(output.status, 1);
    EXPECT_NE(output.err.find("is not a directory"), std::string::npos) << output.err;

    std::filesystem::create_directory(folder / "later");
    write_file(folder / "later/dev.toml", "format = 99\n");
    output = run_quern({"dev", "--data", folder / "later"});
    EXPECT_EQ(output.status, 1);
    EXPECT_NE(output.err.find("data_version_unknown"), std::string::npos) << output.err;
}

}  // namespace
}  // namespace quern::tests
