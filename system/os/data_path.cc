#include "system/os/data_path.h"

#include <string_view>

#include "system/base/log.h"

namespace quern::os {

namespace {

constexpr size_t name_bytes_max = 255;
constexpr size_t path_bytes_max = 1024;

bool valid_character(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
}

bool valid_name(std::string_view name) {
    if (name.empty() || name.size() > name_bytes_max || name == "." || name == "..") return false;
    for (const char c : name) {
        if (!valid_character(c)) return false;
    }
    return true;
}

bool valid_path(std::string_view path) {
    if (path.size() > path_bytes_max) return false;
    for (;;) {
        const size_t slash = path.find('/');
        if (!valid_name(path.substr(0, slash))) return false;
        if (slash == std::string_view::npos) return true;
        path.remove_prefix(slash + 1);
    }
}

}  // namespace

Result<void> check_file_path(const std::string& path) {
    if (valid_path(path) && path != lock_file_name) return {};
    return fail(ErrorCode::invalid_argument,
                "'" + printable(path) + "' is not a path below the data directory");
}

Result<std::string> check_folder_path(const std::string& folder) {
    if (folder.empty() || folder == ".") return std::string(".");
    if (auto checked = check_file_path(folder); !checked) return fail(std::move(checked.error()));
    return folder;
}

}  // namespace quern::os
