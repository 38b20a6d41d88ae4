#include "tests/tidy/source_tree.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/paths.h"

namespace quern::tidy {

namespace {

namespace fs = std::filesystem;

constexpr const char* folders[] = {"system", "sim", "harness", "proto", "bench", "tests", "docs"};
constexpr const char* endings[] = {".h", ".cc", ".md", ".txt", ".fbs", ".cmake", ".sh", ".py"};

bool is_text(const fs::path& path) {
    return std::find(std::begin(endings), std::end(endings), path.extension()) != std::end(endings);
}

void read_into(std::vector<SourceFile>& files, const fs::path& root, const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    files.push_back({fs::relative(path, root).generic_string(),
                     std::string(std::istreambuf_iterator<char>(in), {})});
}

std::vector<SourceFile> read_tree() {
    const fs::path root(tests::source_folder());
    std::vector<SourceFile> files;
    for (const auto& entry : fs::directory_iterator(root)) {
        if (entry.is_regular_file() && is_text(entry.path())) read_into(files, root, entry.path());
    }
    for (const char* folder : folders) {
        if (!fs::exists(root / folder)) continue;
        for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
            if (entry.is_regular_file() && is_text(entry.path())) {
                read_into(files, root, entry.path());
            }
        }
    }
    std::sort(files.begin(), files.end(),
              [](const SourceFile& a, const SourceFile& b) { return a.path < b.path; });
    return files;
}

}  // namespace

const std::vector<SourceFile>& source_tree() {
    static const std::vector<SourceFile> files = read_tree();
    return files;
}

}  // namespace quern::tidy
