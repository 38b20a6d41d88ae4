#include "harness/history_json.h"

#include <gtest/gtest.h>

#include "harness/runner.h"
#include "tests/unit/harness/written_history.h"

namespace quern::harness {
namespace {

const std::string head = "{\"type\":\"history\",\"version\":1}\n";
const std::string end = "{\"type\":\"end\",\"ended_ns\":5,\"drained\":true}\n";

std::string complaint(const std::string& text) {
    const auto file = parse_history(text);
    return file ? "none" : file.error().detail;
}

TEST(HistoryJson, a_run_is_written_and_read_the_same) {
    RunPlan plan = make_plan(9, true);
    plan.chaos_ms = std::min<int64_t>(plan.chaos_ms, 5'000);
    std::string written;
    RunOptions options;
    options.history = [&](const History& history, const CheckOptions& check) {
        written = to_json_lines({history, check});
    };
    run(plan, std::move(options));
    const auto file = parse_history(written);
    ASSERT_TRUE(file.has_value()) << file.error().to_string();
    EXPECT_GT(file->history.operations.size(), 10u);
    EXPECT_EQ(to_json_lines(*file), written);
    Verdict verdict;
    check_history(file->history, file->options, verdict);
    EXPECT_TRUE(verdict.good());
}

TEST(HistoryJson, what_is_judged_survives) {
    WrittenHistory h;
    Operation& sent = h.send(10, "a", 1);
    sent.sent[0].group_id = "g";
    sent.sent[0].dedup_id = "d";
    h.receive(20, "b", 1, 1).seen[0].from_queue = "x";  // other bytes: Q12
    h.change(30, 1, 1, 500);
    h.history.phases = {{"hot", 1, 2, "orders"}};
    h.history.operations[0].policy = {true, 300, 5, "dead"};
    const std::string written = to_json_lines({h.history, {.started_wall_ms = 7, .damage = true}});
    const auto file = parse_history(written);
    ASSERT_TRUE(file.has_value()) << file.error().to_string();
    EXPECT_EQ(to_json_lines(*file), written);
    EXPECT_EQ(file->options.started_wall_ms, 7);
    EXPECT_EQ(file->history.operations[0].policy.dead_letter_queue, "dead");
    Verdict verdict;
    check_history(file->history, {}, verdict);
    EXPECT_TRUE(verdict.names("Q12"));
}

TEST(HistoryJson, unknown_fields_are_passed_over) {
    EXPECT_EQ(complaint(head + "{\"type\":\"op\",\"kind\":\"purge\",\"queue\":\"q\",\"invoked_ns\":1,"
                               "\"outcome\":\"info\",\"colour\":[1]}\n" + end), "none");
}

TEST(HistoryJson, the_line_and_the_reason_are_named) {
    const std::string op = "{\"type\":\"op\",\"kind\":\"purge\",\"queue\":\"q\",\"invoked_ns\":9,";
    EXPECT_EQ(complaint(""), "there is no line");
    EXPECT_EQ(complaint("hello\n"), "line 1: not a JSON object");
    EXPECT_NE(complaint(end).find("line 1: the first line is"), std::string::npos);
    EXPECT_NE(complaint(head).find("the file is cut"), std::string::npos);
    EXPECT_NE(complaint(head + end + end).find("line 3: something follows the end"), std::string::npos);
    EXPECT_NE(complaint(head + op + "\"outcome\":\"fine\"}\n" + end).find("line 2: outcome"),
              std::string::npos);
    EXPECT_NE(complaint(head + op + "\"outcome\":\"ok\"}\n" + end).find("without returned_ns"),
              std::string::npos);
    EXPECT_NE(complaint(head + op + "\"returned_ns\":3,\"outcome\":\"ok\"}\n" + end).find("before invoked"),
              std::string::npos);
    EXPECT_NE(complaint(head + op + "\"outcome\":\"info\",\"client\":-1}\n" + end).find("client: a number"),
              std::string::npos);
    EXPECT_NE(complaint(head + op + "\"outcome\":\"info\",\"client\":1e30}\n" + end).find("client: a number"),
              std::string::npos);
    EXPECT_NE(complaint(head + op + "\"outcome\":\"info\",\"seen\":[]}\n" + end), "");
    EXPECT_NE(complaint(head + op + "\"outcome\":\"info\",\"sent\":[{}]}\n" + end).find("hash"),
              std::string::npos);
    EXPECT_NE(complaint(head + std::string(history_line_bytes_max + 1, ' ') + "\n").find("line 2: longer"),
              std::string::npos);
}

TEST(HistoryJson, an_altered_receipt_may_name_any_queue) {
    HistoryFile file;
    Operation op;
    op.kind = OpKind::remove;
    op.queue = "orders";
    op.returned_ns = 5;
    op.receipts.push_back({{QueueId(UINT64_MAX), MessageSeq(UINT64_MAX), LeaseEpoch(7)}, false, 0, {}});
    file.history.operations.push_back(op);
    const auto read = parse_history(to_json_lines(file));
    ASSERT_TRUE(read) << read.error().detail;
    const queue::Receipt& receipt = read->history.operations.at(0).receipts.at(0).receipt;
    EXPECT_EQ(receipt.queue.value, UINT64_MAX);
    EXPECT_EQ(receipt.seq.value, UINT64_MAX);
}

}  // namespace
}  // namespace quern::harness
