// Each rule on small texts: what it lets pass, and that it can fail.
#include <gtest/gtest.h>

#include "tests/tidy/include_rules.h"
#include "tests/tidy/shape_rules.h"
#include "tests/tidy/source_text.h"
#include "tests/tidy/word_rules.h"

namespace quern::tidy {
namespace {

size_t includes(std::string_view path, std::string_view header) {
    return check_includes(path, "#include " + std::string(header) + "\n").size();
}
size_t words(std::string_view path, std::string_view line) {
    return check_words(path, std::string(line) + "\n").size();
}

TEST(SourceText, comments_and_literals_are_blanked_and_lines_stay) {
    EXPECT_EQ(strip_comments_and_literals("a // b\nc"), "a     \nc");
    EXPECT_EQ(strip_comments_and_literals("a /* b\n c */ d"), "a     \n      d");
    EXPECT_EQ(strip_comments_and_literals("f(\"x // \\\" y\") + 1"), "f(\"\") + 1");
    EXPECT_EQ(strip_comments_and_literals("c = '\"'; d = 1'000'000;"), "c = ''; d = 1'000'000;");
    EXPECT_EQ(split_lines(strip_comments_and_literals("R\"(a\n\"b)\" c")).size(), 2u);
}

TEST(SourceText, words_are_whole) {
    EXPECT_TRUE(contains_word("x = rand();", "rand()"));
    EXPECT_FALSE(contains_word("x = operand();", "rand()"));
    EXPECT_TRUE(contains_word("assert(x)", "assert("));
    EXPECT_FALSE(contains_word("static_assert(x)", "assert("));
    EXPECT_FALSE(contains_word("\"quern-XXXXXX\"", "XXX"));
    EXPECT_TRUE(contains_word("floating float", "float"));
}

TEST(SourceText, includes_are_found) {
    const auto found =
        find_includes("#pragma once\n#include <map>\n// #include <set>\n#include \"a/b.h\"\n");
    ASSERT_EQ(found.size(), 2u);
    EXPECT_EQ(found[0].path, "map");
    EXPECT_FALSE(found[0].quoted);
    EXPECT_EQ(found[1].path, "a/b.h");
    EXPECT_EQ(found[1].line, 4u);
}

TEST(IncludeRules, pure_rooms_see_base_alone) {
    for (const std::string room : {"system/raft", "system/queue", "system/metadata"}) {
        EXPECT_EQ(includes(room + "/a.cc", "\"system/base/buffer.h\""), 0u);
        EXPECT_EQ(includes(room + "/a.cc", "\"" + room + "/b.h\""), 0u);
        EXPECT_EQ(includes(room + "/a.cc", "\"system/io/env.h\""), 1u);
        EXPECT_EQ(includes(room + "/a.cc", "\"system/wire/frame.h\""), 1u);
        EXPECT_EQ(includes(room + "/a.cc", "<unistd.h>"), 1u);
        EXPECT_EQ(includes(room + "/a.cc", "<chrono>"), 1u);
        EXPECT_EQ(includes(room + "/a.cc", "<vector>"), 0u);
    }
    EXPECT_EQ(includes("system/raft/a.cc", "\"system/queue/types.h\""), 1u);
}

TEST(IncludeRules, names_that_only_begin_alike_are_other_rooms) {
    EXPECT_EQ(includes("system/io/a.cc", "\"system/base64/a.h\""), 1u);
    EXPECT_EQ(check_includes("system/rafting/a.cc", "").size(), 1u);
    EXPECT_EQ(
        check_includes("tests/unit/raft/a.cc", "#include \"system/raft/raft_impl.h\"\n").size(),
        0u);
}

TEST(IncludeRules, wire_sees_types_and_commands_of_pure_rooms) {
    EXPECT_EQ(includes("system/wire/a.cc", "\"system/queue/command.h\""), 0u);
    EXPECT_EQ(includes("system/wire/a.cc", "\"system/queue/group_state.h\""), 1u);
    EXPECT_EQ(includes("system/wire/a.cc", "\"system/raft/raft.h\""), 1u);
    EXPECT_EQ(includes("system/wire/a.cc", "\"system/metadata/cache.h\""), 1u);
}

TEST(IncludeRules, generated_code_stays_in_wire) {
    EXPECT_EQ(includes("system/wire/a.cc", "\"proto/peer_generated.h\""), 0u);
    EXPECT_EQ(includes("system/wire/a.cc", "<flatbuffers/flatbuffers.h>"), 0u);
    EXPECT_EQ(includes("system/replica/a.cc", "\"proto/peer_generated.h\""), 1u);
    EXPECT_EQ(includes("system/replica/a.cc", "<flatbuffers/flatbuffers.h>"), 1u);
}

TEST(IncludeRules, outer_rooms) {
    EXPECT_EQ(includes("system/balancer/a.cc", "\"system/metadata/cache.h\""), 0u);
    EXPECT_EQ(includes("system/balancer/a.cc", "\"system/queue/group_state.h\""), 1u);
    EXPECT_EQ(includes("system/balancer/a.cc", "\"system/storage/types.h\""), 1u);
    EXPECT_EQ(includes("system/node/a.cc", "\"system/os/loop.h\""), 1u);
    EXPECT_EQ(includes("system/node/a.cc", "\"system/replica/host.h\""), 0u);
    EXPECT_EQ(includes("harness/a.cc", "\"system/queue/group_state.h\""), 1u);
    EXPECT_EQ(includes("harness/a.cc", "\"system/queue/types.h\""), 0u);
    EXPECT_EQ(includes("sim/world/a.cc", "\"system/node/node.h\""), 1u);
    EXPECT_EQ(includes("sim/a.cc", "\"system/node/node.h\""), 0u);
}

TEST(IncludeRules, libraries_have_their_places) {
    EXPECT_EQ(includes("system/os/a.cc", "<asio/ip/tcp.hpp>"), 0u);
    EXPECT_EQ(includes("system/node/a.cc", "<asio/ip/tcp.hpp>"), 1u);
    EXPECT_EQ(includes("system/os/a.cc", "<sys/socket.h>"), 0u);
    EXPECT_EQ(includes("system/base/mac.cc", "<openssl/hmac.h>"), 0u);
    EXPECT_EQ(includes("system/base/buffer.cc", "<openssl/hmac.h>"), 1u);
    EXPECT_EQ(includes("system/metadata/secret_box.cc", "<openssl/evp.h>"), 0u);
    EXPECT_EQ(includes("system/metadata/cache.cc", "<openssl/evp.h>"), 1u);
    EXPECT_EQ(includes("system/cli/a.cc", "<nlohmann/json.hpp>"), 0u);
    EXPECT_EQ(includes("system/daemon/a.cc", "<nlohmann/json.hpp>"), 1u);
    EXPECT_EQ(includes("system/queue/a.cc", "<fmt/format.h>"), 0u);
    EXPECT_EQ(includes("system/storage/a.cc", "<filesystem>"), 1u);
}

TEST(WordRules, each_rule_fails_where_it_holds) {
    const std::pair<const char*, const char*> failing[] = {
        {"system/os/a.cc", "co_await x;"},
        {"tests/unit/a.cc", "co_return;"},
        {"system/node/a.cc", "std::thread t;"},
        {"harness/a.cc", "std::mutex m;"},
        {"system/base/a.cc", "thread_local int x;"},
        {"sim/a.cc", "std::chrono::steady_clock::now();"},
        {"system/queue/a.cc", "x = time(nullptr);"},
        {"system/os/a.cc", "x = rand();"},
        {"tests/unit/a.cc", "std::mt19937 r;"},
        {"harness/a.cc", "std::uniform_int_distribution<int> d;"},
        {"system/wire/a.cc", "std::hash<int> h;"},
        {"system/raft/a.h", "std::unordered_map<int, int> m_;"},
        {"sim/a.h", "std::unordered_set<int> m_;"},
        {"system/queue/a.h", "double x;"},
        {"system/metadata/a.h", "float x;"},
        {"system/io/a.cc", "assert(x);"},
        {"tests/unit/a.cc", "std::this_thread::sleep_for(x);"},
        {"system/client/a.cc", "usleep(1);"},
        {"system/wire/a.cc", "throw 1;"},
    };
    for (const auto& [path, line] : failing)
        EXPECT_EQ(words(path, line), 1u) << path << line;
}

TEST(WordRules, each_rule_has_its_places_and_comments_are_free) {
    const std::pair<const char*, const char*> passing[] = {
        {"system/os/a.cc", "std::thread t; std::mutex m;"},
        {"tests/integration/a.cc", "std::this_thread::sleep_for(x);"},
        {"bench/a.cc", "std::chrono::steady_clock::now();"},
        {"system/node/a.cc", "std::unordered_map<int, int> m_;"},
        {"system/raft/a.h", "std::unordered_map<int, int> m_;  // unordered: never iterated"},
        {"harness/a.cc", "double rate;"},
        {"system/io/a.cc", "QUERN_ASSERT(x); static_assert(y);"},
        {"system/raft/a.cc", "x(); // double the timeout, and never sleep( or throw"},
        {"system/queue/a.cc", "x = runtime(nullptr);"},
        {"system/queue/a.cc", "name = \"double\";"},
    };
    for (const auto& [path, line] : passing)
        EXPECT_EQ(words(path, line), 0u) << path << line;
}

TEST(WordRules, marks_are_found_in_comments_too) {
    EXPECT_EQ(check_marks("docs/a.md", "a TODO b\n").size(), 1u);
    EXPECT_EQ(check_marks("system/a.cc", "x; // FIXME\n// XXX\n").size(), 2u);
    EXPECT_EQ(check_marks("system/a.cc", "mkstemp(\"fXXXXXX\"); // todo list\n").size(), 0u);
}

TEST(ShapeRules, headers_sources_and_documents) {
    EXPECT_TRUE(check_header("a.h", "// x\n#pragma once\n").empty());
    EXPECT_EQ(check_header("a.h", "#ifndef A\n").size(), 1u);
    EXPECT_TRUE(check_source("d/a.cc", "#include \"d/a.h\"\n#include <map>\n", true).empty());
    EXPECT_EQ(check_source("d/a.cc", "#include <map>\n#include \"d/a.h\"\n", true).size(), 1u);
    EXPECT_EQ(check_source("d/a.cc", "int x;\n", true).size(), 1u);
    EXPECT_TRUE(check_source("d/a.cc", "#include <map>\n", false).empty());
    EXPECT_TRUE(check_document("a.md", "# A\n\n## B\n```\n# x\n```\n").empty());
    EXPECT_EQ(check_document("a.md", "# A\n# B\n").size(), 1u);
    EXPECT_EQ(check_document("a.md", "A\n").size(), 1u);
    EXPECT_EQ(check_document("a.md", "").size(), 1u);
}

std::vector<std::pair<std::string, size_t>> functions(std::string_view text) {
    std::vector<std::pair<std::string, size_t>> found;
    for (const FunctionLength& function : measure_functions(text)) {
        found.emplace_back(function.name, function.lines);
    }
    return found;
}

using Functions = std::vector<std::pair<std::string, size_t>>;

TEST(FunctionLengths, functions_and_members) {
    EXPECT_EQ(
        functions("namespace a {\nint f(int x) {\n    if (x) {\n    }\n    return x;\n}\n}\n"),
        (Functions{{"f", 5}}));
    EXPECT_EQ(
        functions(
            "class A : public B {\npublic:\n    void g() const { x(); }\n    int b = 1;\n};\n"),
        (Functions{{"g", 1}}));
    EXPECT_EQ(
        functions("template <typename R>\nclass C<R(int)> {\n    R operator()(int) {\n    }\n};\n"),
        (Functions{{"operator", 2}}));
    EXPECT_EQ(functions("template <typename R>\nR f(R x) {\n}\n"), (Functions{{"f", 3}}));
    EXPECT_EQ(functions("void A::h(int a,\n          int b) {\n}\n"), (Functions{{"A::h", 3}}));
    EXPECT_EQ(functions("TEST_F(A, b) {\n    f({1, 2}, [&] {\n        g();\n    });\n}\n"),
              (Functions{{"TEST_F", 5}}));
}

TEST(FunctionLengths, initialisers_are_part_of_their_constructor) {
    EXPECT_EQ(functions("A::A(int x)\n    : a_{x}, b_(x) {\n    f();\n}\n"),
              (Functions{{"A::A", 4}}));
    EXPECT_EQ(functions("const int table[] = {\n    1,\n    2,\n};\nvoid f() {\n}\n"),
              (Functions{{"f", 2}}));
    EXPECT_EQ(functions("#define X(a) \\\n    do {   \\\n    } while (false)\nvoid f() {\n}\n"),
              (Functions{{"f", 2}}));
}

}  // namespace
}  // namespace quern::tidy
