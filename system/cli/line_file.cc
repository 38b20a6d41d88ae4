#include "system/cli/line_file.h"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace quern::cli {

Result<LineFile> LineFile::open(const std::string& path) {
    LineFile lines;
    lines.file_.reset(path == "-" ? stdin : std::fopen(path.c_str(), "re"));
    if (lines.file_ != nullptr) return lines;
    const ErrorCode code = errno == ENOENT   ? ErrorCode::not_found
                           : errno == EACCES ? ErrorCode::permission_denied
                                             : ErrorCode::io_failed;
    return fail(code, fmt::format("cannot read {}: {}", path, std::strerror(errno)));
}

bool LineFile::next(std::string_view& line) {
    char* raw = line_.release();
    const ssize_t got = ::getline(&raw, &room_, file_.get());
    line_.reset(raw);
    if (got <= 0) return false;
    auto size = static_cast<size_t>(got);
    if (raw[size - 1] == '\n') --size;
    line = {raw, size};
    ++number_;
    return true;
}

Result<std::string> read_standard_input(size_t bytes_max) {
    std::string text;
    std::array<char, 16 * 1024> chunk;
    while (const size_t got = std::fread(chunk.data(), 1, chunk.size(), stdin)) {
        text.append(chunk.data(), got);
        if (text.size() > bytes_max) {
            return fail(Error(ErrorCode::message_too_large, "standard input is too long for a message",
                              static_cast<int64_t>(bytes_max), static_cast<int64_t>(text.size())));
        }
    }
    if (std::ferror(stdin) != 0) return fail(ErrorCode::io_failed, "cannot read standard input");
    return text;
}

}  // namespace quern::cli
