// The rules of docs/STYLE.md and docs/ARCHITECTURE.md against the whole tree.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "tests/tidy/include_rules.h"
#include "tests/tidy/shape_rules.h"
#include "tests/tidy/source_text.h"
#include "tests/tidy/source_tree.h"
#include "tests/tidy/word_rules.h"

namespace quern::tidy {
namespace {

constexpr size_t function_lines_max = 70;
constexpr size_t file_lines_max = 500;

// What is longer, with its present length. The lists only shrink: a shorter function or file lowers
// its number or leaves the list, and nothing new comes in.
const std::map<std::string, size_t> long_functions = {};
const std::map<std::string, size_t> long_files = {};

void report(const std::vector<std::string>& complaints) {
    for (const std::string& complaint : complaints)
        ADD_FAILURE() << complaint;
}

// The rules speak of the words they forbid.
bool speaks_of_rules(const SourceFile& file) { return file.path.starts_with("tests/tidy/"); }

void check_ratchet(const std::map<std::string, size_t>& found,
                   const std::map<std::string, size_t>& listed, size_t lines_max) {
    for (const auto& [name, lines] : found) {
        const auto entry = listed.find(name);
        const size_t allowed = entry == listed.end() ? lines_max : entry->second;
        EXPECT_LE(lines, allowed) << name << " has " << lines << " lines: split it by topic";
        EXPECT_GE(lines, allowed == lines_max ? 0 : allowed) << name << ": lower its number";
    }
    for (const auto& [name, lines] : listed) {
        EXPECT_TRUE(found.contains(name)) << name << " is short now: take it off the list";
    }
}

TEST(Tidy, the_tree_is_there) {
    const auto code = std::count_if(source_tree().begin(), source_tree().end(),
                                    [](const SourceFile& file) { return file.is_code(); });
    EXPECT_GT(code, 100);
}

TEST(Tidy, includes_follow_the_arrows) {
    for (const SourceFile& file : source_tree()) {
        if (file.is_code()) report(check_includes(file.path, file.text));
    }
}

TEST(Tidy, quoted_includes_start_at_the_root) {
    std::set<std::string> paths;
    for (const SourceFile& file : source_tree())
        paths.insert(file.path);
    for (const SourceFile& file : source_tree()) {
        if (!file.is_code()) continue;
        for (const Include& include : find_includes(file.text)) {
            const bool generated = include.path.ends_with("_generated.h");
            EXPECT_TRUE(!include.quoted || generated || paths.contains(include.path))
                << file.path << ":" << include.line << ": " << include.path;
        }
    }
}

TEST(Tidy, no_word_stands_where_it_may_not) {
    for (const SourceFile& file : source_tree()) {
        if (file.is_code() && !speaks_of_rules(file)) report(check_words(file.path, file.text));
    }
}

// An inline function of a header would be compiled both with and without the bugs into one program; a room
// that quern-sim-planted takes from a library would have none.
TEST(Tidy, planted_bugs_stand_in_sources_of_rooms_that_are_built_with_them) {
    const std::set<std::string> rooms = {"raft",    "queue",    "metadata", "storage", "wire",
                                         "replica", "balancer", "client",   "node"};
    size_t switches = 0;
    for (const SourceFile& file : source_tree()) {
        if (!file.is_code() || file.text.find("PLANTED(") == std::string::npos) continue;
        if (file.path == "system/base/planted_bug.h" || speaks_of_rules(file)) continue;
        ++switches;
        const size_t room = file.path.find('/') + 1;
        const std::string name = file.path.substr(room, file.path.find('/', room) - room);
        EXPECT_TRUE(file.is_source()) << file.path;
        EXPECT_TRUE(file.path.starts_with("system/") && rooms.contains(name)) << file.path;
    }
    EXPECT_GT(switches, 20U);
}

TEST(Tidy, nothing_is_marked_as_unfinished) {
    for (const SourceFile& file : source_tree()) {
        if (!speaks_of_rules(file)) report(check_marks(file.path, file.text));
    }
}

TEST(Tidy, headers_are_guarded_and_included_first) {
    std::set<std::string> paths;
    for (const SourceFile& file : source_tree())
        paths.insert(file.path);
    for (const SourceFile& file : source_tree()) {
        if (file.is_header()) report(check_header(file.path, file.text));
        if (!file.is_source()) continue;
        const std::string own = file.path.substr(0, file.path.size() - 3) + ".h";
        report(check_source(file.path, file.text, paths.contains(own)));
    }
}

TEST(Tidy, documents_have_one_title) {
    for (const SourceFile& file : source_tree()) {
        if (file.is_document()) report(check_document(file.path, file.text));
    }
}

TEST(Tidy, functions_fit_on_a_screen) {
    std::map<std::string, size_t> found;
    for (const SourceFile& file : source_tree()) {
        if (!file.is_code()) continue;
        for (const FunctionLength& function : measure_functions(file.text)) {
            if (function.lines <= function_lines_max) continue;
            found[file.path + " " + function.name] = function.lines;
        }
    }
    check_ratchet(found, long_functions, function_lines_max);
}

TEST(Tidy, files_hold_one_idea) {
    std::map<std::string, size_t> found;
    for (const SourceFile& file : source_tree()) {
        if (!file.is_code()) continue;
        const size_t lines = split_lines(file.text).size();
        if (lines > file_lines_max) found[file.path] = lines;
    }
    check_ratchet(found, long_files, file_lines_max);
}

}  // namespace
}  // namespace quern::tidy
