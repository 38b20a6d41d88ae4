#include "system/cli/private_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace quern::cli {

namespace {

Failure failure(const std::string& path, int number) {
    ErrorCode code = ErrorCode::io_failed;
    if (number == EACCES || number == EPERM || number == EROFS) code = ErrorCode::permission_denied;
    if (number == ENOSPC || number == EDQUOT) code = ErrorCode::no_space;
    if (number == ENOENT || number == ENOTDIR) code = ErrorCode::not_found;
    return fail(Error(code, "cannot write " + path + ": " + std::strerror(number))
                    .with_outcome(Outcome::not_applied));
}

bool write_all(int file, std::string_view text) {
    while (!text.empty()) {
        const ssize_t wrote = ::write(file, text.data(), text.size());
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote < 0) return false;
        text.remove_prefix(static_cast<size_t>(wrote));
    }
    return true;
}

}  // namespace

Result<void> write_whole_file(const std::string& path, std::string_view text, unsigned mode) {
    const std::string beside = path + ".new";
    ::unlink(beside.c_str());
    const int file = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (file < 0) return failure(beside, errno);
    const bool written = write_all(file, text) && ::fsync(file) == 0;
    const int number = errno;
    ::close(file);
    if (written && std::rename(beside.c_str(), path.c_str()) == 0) return {};
    const int reason = written ? errno : number;
    ::unlink(beside.c_str());
    return failure(path, reason);
}

}  // namespace quern::cli
