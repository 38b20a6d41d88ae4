// The files of the repository.
#pragma once

#include <string>
#include <vector>

namespace quern::tidy {

struct SourceFile {
    std::string path;  // from the root
    std::string text;
    bool is_header() const { return path.ends_with(".h"); }
    bool is_source() const { return path.ends_with(".cc"); }
    bool is_code() const { return is_header() || is_source(); }
    bool is_document() const { return path.ends_with(".md"); }
};

// All text files below the top-level folders and those at the root, sorted by path; nothing that
// was built.
const std::vector<SourceFile>& source_tree();

}  // namespace quern::tidy
