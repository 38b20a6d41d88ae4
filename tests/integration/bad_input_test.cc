// Each bad input gets one clear error that names what, the limit and the next step, and the right exit
// status; nothing is lost, nothing crashes.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/integration/dev_cluster.h"

namespace quern::tests {
namespace {

// Expects a failure (1), not a usage error, whose one sentence contains all of `parts`.
void expect_failure(const Output& output, const std::vector<std::string>& parts) {
    EXPECT_EQ(output.status, 1) << output.out << output.err;
    for (const std::string& part : parts)
        EXPECT_NE(output.err.find(part), std::string::npos) << part << " is not in: " << output.err;
    EXPECT_EQ(output.err.find('\n'), output.err.size() - 1) << output.err;
}

std::string value_after(const std::string& text, const std::string& key) {
    const size_t at = text.find(key);
    if (at == std::string::npos) return {};
    const size_t begin = at + key.size();
    return text.substr(begin, text.find_first_of(" \"\n", begin) - begin);
}

void queues_and_bodies(const DevCluster& cluster) {
    expect_failure(cluster.run({"send", "nowhere", "x"}),
                   {"queue_does_not_exist", "create the queue"});
    expect_failure(cluster.run({"queue", "create", "bad name!"}), {"invalid_name", "1 to 80"});
    cluster.ok({"queue", "create", "small", "--max-message-bytes", "1KiB", "--max-messages", "2"});
    expect_failure(cluster.run({"send", "small", std::string(2000, 'x')}),
                   {"message_too_large", "limit 1024, actual 2000"});
    expect_failure(cluster.run({"send", "small"}, std::string(1'100'000, 'x')),
                   {"message_too_large", "limit 1048576"});
    cluster.ok({"send", "small", "1"});
    cluster.ok({"send", "small", "2"});
    expect_failure(cluster.run({"send", "small", "3"}), {"queue_full", "limit 2", "receive and delete"});
    expect_failure(cluster.run({"queue", "create", "small", "--max-messages", "3"}),
                   {"queue_already_exists"});
    expect_failure(cluster.run({"queue", "set", "small", "--visibility", "13h"}),
                   {"invalid_attribute", "limit 43200000, actual 46800000"});
    // Refusals did no harm.
    const std::string shown = cluster.ok({"queue", "show", "small", "--json"});
    EXPECT_NE(shown.find("\"ready\":2"), std::string::npos) << shown;
}

void json_errors(const DevCluster& cluster) {
    const Output output = cluster.run({"send", "small", "3", "--json"});
    EXPECT_EQ(output.status, 1);
    EXPECT_EQ(output.out.find("{\"error\":{\"code\":\"queue_full\",\"outcome\":\"not_applied\","
                              "\"retryable\":true,\"message\":"),
              0u)
        << output.out;
    EXPECT_NE(output.out.find("\"limit\":2"), std::string::npos) << output.out;
}

void stale_receipts(const DevCluster& cluster) {
    cluster.ok({"queue", "create", "leases"});
    cluster.ok({"send", "leases", "x"});
    const std::string first = cluster.ok({"receive", "leases"});
    const std::string receipt = value_after(first, "receipt ");
    ASSERT_FALSE(receipt.empty()) << first;
    cluster.ok({"visibility", "leases", receipt, "0"});
    expect_failure(cluster.run({"visibility", "leases", receipt, "5s"}),
                   {"receipt_stale", "receive the message again"});
    const std::string second = value_after(cluster.ok({"receive", "leases", "--wait", "5s"}), "receipt ");
    EXPECT_NE(second, receipt);
    // A stale delete changes nothing, whatever it says.
    (void)cluster.run({"delete", "leases", receipt});
    const std::string shown = cluster.ok({"queue", "show", "leases", "--json"});
    EXPECT_NE(shown.find("\"leased\":1"), std::string::npos) << shown;
    expect_failure(cluster.run({"delete", "leases", "nonsense"}), {"receipt_invalid"});
    expect_failure(cluster.run({"delete", "small", second}), {"receipt_invalid"});
    cluster.ok({"delete", "leases", second});
}

void keys_and_permissions(const DevCluster& cluster, const TemporaryFolder& folder) {
    write_file(folder / "wrong", "not the secret\n");
    expect_failure(cluster.run_as("admin", folder / "wrong", {"queue", "list"}),
                   {"unauthenticated", "check the access key"});
    expect_failure(cluster.run_as("nobody", folder / "wrong", {"queue", "list"}), {"unauthenticated"});

    const std::string user = cluster.ok({"user", "create", "worker", "--json"});
    write_file(folder / "secret", value_after(user, "\"secret\":\"") + "\n");
    const std::string key = value_after(user, "\"key\":\"");
    expect_failure(cluster.run_as(key, folder / "secret", {"receive", "small"}),
                   {"access_denied", "user grant"});
    cluster.ok({"user", "grant", "worker", "receive", "delete_message", "--prefix", "sma"});
    const Output received = cluster.run_as(key, folder / "secret", {"receive", "small", "--delete"});
    EXPECT_EQ(received.status, 0) << received.err;
    EXPECT_EQ(received.out, "1\n");
    expect_failure(cluster.run_as(key, folder / "secret", {"send", "small", "3"}), {"access_denied"});
    expect_failure(cluster.run_as(key, folder / "secret", {"receive", "leases"}), {"access_denied"});
    expect_failure(cluster.run_as(key, folder / "secret", {"user", "list"}), {"access_denied"});
}

void strange_bytes(const DevCluster& cluster) {
    for (const int port : {cluster.port(), cluster.port() + 1}) {
        const std::string answer = talk_to(port, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 20);
        EXPECT_EQ(answer.find("HTTP/1.1 400 Bad Request"), 0u) << answer;
        EXPECT_NE(answer.find("this port speaks Quern's native protocol"), std::string::npos) << answer;
        EXPECT_EQ(answer.find("still open"), std::string::npos) << answer;
        // Half a frame: the server does not wait for ever.
        const std::string half = talk_to(port, "QRN1\x01", 20);
        EXPECT_EQ(half.find("still open"), std::string::npos) << half;
    }
    // A client that asks the port of peers is told so.
    Output wrong_port = run_quern({"queue", "list", "--timeout", "5", "--endpoint",
                                   "127.0.0.1:" + std::to_string(cluster.port() + 1), "--secret-file",
                                   cluster.directory() + "/admin.secret"});
    EXPECT_EQ(wrong_port.status, 1);
    EXPECT_NE(wrong_port.err.find("protocol_error: this is a peer port"), std::string::npos)
        << wrong_port.err;
    cluster.ok({"cluster", "status"});
}

TEST(BadInput, each_gets_a_clear_error_from_a_running_cluster) {
    const TemporaryFolder folder;
    DevCluster cluster(folder / "data", 1);
    ASSERT_NO_FATAL_FAILURE(cluster.start());
    queues_and_bodies(cluster);
    json_errors(cluster);
    stale_receipts(cluster);
    keys_and_permissions(cluster, folder);
    strange_bytes(cluster);
    cluster.stop();
}

TEST(BadInput, wrong_command_lines_are_usage_errors) {
    const std::vector<std::vector<std::string>> wrong = {
        {},
        {"frobnicate"},
        {"queue"},
        {"queue", "create"},
        {"queue", "create", "a", "--visibility", "soon"},
        {"queue", "set", "a"},
        {"queue", "list", "surplus"},
        {"send"},
        {"send", "a", "--lines", "x", "body"},
        {"receive", "a", "--max", "0"},
        {"receive", "a", "--delete", "--exec", "true"},
        {"user", "grant", "u", "fly"},
        {"bench", "--operation", "dance"},
        {"dev", "--nodes", "99"},
    };
    for (const std::vector<std::string>& arguments : wrong) {
        const Output output = run_quern(arguments);
        EXPECT_EQ(output.status, 2) << testing::PrintToString(arguments) << output.out << output.err;
        EXPECT_EQ(output.err.find("quern: "), 0u) << output.err;
        EXPECT_NE(output.err.find("--help"), std::string::npos) << output.err;
    }
    const Output json = run_quern({"receive", "a", "--max", "0", "--json"});
    EXPECT_EQ(json.status, 2);
    EXPECT_EQ(json.out.find("{\"error\":{\"code\":\"usage\""), 0u) << json.out;
}

TEST(BadInput, nobody_there_is_told_at_once) {
    const TemporaryFolder folder;
    write_file(folder / "secret", "x\n");
    const std::string endpoint = "127.0.0.1:" + std::to_string(free_ports(1));
    const Output output = run_quern(
        {"queue", "list", "--endpoint", endpoint, "--secret-file", folder / "secret"}, "", 10);
    expect_failure(output, {"connection_refused", endpoint, "check that the cluster runs"});
    const Output malformed = run_quern({"queue", "list", "--endpoint", "nonsense"});
    EXPECT_EQ(malformed.status, 2);
    EXPECT_NE(malformed.err.find("host:port"), std::string::npos) << malformed.err;
    const Output unknown = run_quern({"frobnicate"});
    EXPECT_EQ(unknown.status, 2);
    EXPECT_NE(unknown.err.find("no command 'frobnicate'"), std::string::npos) << unknown.err;
    expect_failure(run_quern({"queue", "list", "--secret-file", folder / "none"}), {"not_found"});
}

}  // namespace
}  // namespace quern::tests
