#include "tests/tidy/word_rules.h"

#include <algorithm>

#include "tests/tidy/source_text.h"

namespace quern::tidy {

namespace {

using Names = std::vector<std::string_view>;

struct WordRule {
    std::string_view why;
    Names words;
    Names folders;                 // where the rule holds; empty: everywhere
    Names exceptions;              // beginnings of paths where it does not
    std::string_view marker = "";  // a comment that lets a line pass
};

const std::vector<WordRule>& rules() {
    static const std::vector<WordRule> table = {
        {"no coroutines", {"co_await", "co_yield", "co_return"}, {}, {}},
        {"no threads outside system/os",
         {"std::thread", "std::jthread", "std::async", "std::mutex", "std::shared_mutex",
          "std::recursive_mutex", "std::condition_variable", "std::atomic", "std::future",
          "std::promise", "pthread_create", "thread_local"},
         {},
         {"system/os/", "tests/integration/", "tests/conformance/", "tests/unit/os/", "bench/"}},
        {"time comes from Env",
         {"system_clock", "steady_clock", "high_resolution_clock", "gettimeofday", "clock_gettime",
          "time(nullptr)", "time(NULL)", "std::time("},
         {},
         {"system/os/", "tests/integration/", "tests/conformance/", "tests/unit/os/", "bench/"}},
        {"randomness comes from Env or base/prng.h",
         {"rand()", "srand(", "drand48(", "random_device", "mt19937", "mt19937_64", "minstd_rand",
          "default_random_engine", "uniform_int_distribution", "uniform_real_distribution",
          "normal_distribution", "bernoulli_distribution", "exponential_distribution",
          "poisson_distribution", "discrete_distribution", "std::shuffle", "std::sample"},
         {},
         {}},
        {"std::hash differs between libraries; use base/checksum.h",
         {"std::hash"},
         {"system/", "sim/", "harness/"},
         {"system/os/"}},
        {"unordered containers have no order to repeat",
         {"unordered_map", "unordered_set", "unordered_multimap", "unordered_multiset"},
         {"system/raft/", "system/queue/", "system/metadata/", "system/storage/", "system/replica/",
          "sim/"},
         {},
         "// unordered: never iterated"},
        {"no floats in replicated state",
         {"float", "double"},
         {"system/raft/", "system/queue/", "system/metadata/"},
         {}},
        {"assertions stay on: QUERN_ASSERT", {"assert("}, {}, {}},
        {"nobody sleeps",
         {"sleep_for", "sleep_until", "usleep(", "nanosleep(", "sleep("},
         {},
         {"system/os/", "tests/integration/", "tests/conformance/", "tests/unit/os/"}},
        {"no exceptions across rooms; errors are values",
         {"throw"},
         {"system/", "sim/", "harness/"},
         {"system/os/", "system/daemon/", "system/cli/"}},
    };
    return table;
}

bool any_begins(std::string_view path, const Names& beginnings) {
    return std::any_of(beginnings.begin(), beginnings.end(),
                       [&](std::string_view beginning) { return path.starts_with(beginning); });
}

bool holds(const WordRule& rule, std::string_view path) {
    if (any_begins(path, rule.exceptions)) return false;
    return rule.folders.empty() || any_begins(path, rule.folders);
}

std::string complaint(std::string_view path, size_t line, std::string_view word,
                      std::string_view why) {
    return std::string(path) + ":" + std::to_string(line) + ": " + std::string(word) + ": " +
           std::string(why);
}

}  // namespace

std::vector<std::string> check_words(std::string_view path, std::string_view text) {
    std::vector<std::string> complaints;
    const std::string code = strip_comments_and_literals(text);
    const std::vector<std::string_view> lines = split_lines(code);
    const std::vector<std::string_view> written = split_lines(text);
    for (const WordRule& rule : rules()) {
        if (!holds(rule, path)) continue;
        for (size_t i = 0; i < lines.size(); ++i) {
            if (lines[i].starts_with("#include")) continue;
            const bool marked =
                !rule.marker.empty() && written[i].find(rule.marker) != std::string_view::npos;
            if (marked) continue;
            for (const std::string_view word : rule.words) {
                if (!contains_word(lines[i], word)) continue;
                complaints.push_back(complaint(path, i + 1, word, rule.why));
            }
        }
    }
    return complaints;
}

std::vector<std::string> check_marks(std::string_view path, std::string_view text) {
    std::vector<std::string> complaints;
    size_t number = 0;
    for (const std::string_view line : split_lines(text)) {
        ++number;
        for (const std::string_view mark : {"TODO", "FIXME", "XXX"}) {
            if (!contains_word(line, mark)) continue;
            complaints.push_back(complaint(path, number, mark, "finish it or open an issue"));
        }
    }
    return complaints;
}

}  // namespace quern::tidy
