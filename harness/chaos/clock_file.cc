#include "harness/chaos/clock_file.h"

#include <fcntl.h>
#include <unistd.h>

namespace quern::harness::chaos {

Result<void> write_clock_file(const std::string& path, int64_t offset_ns) {
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    if (file < 0) return fail(ErrorCode::io_failed, path + " cannot be written");
    const ssize_t written = ::pwrite(file, &offset_ns, sizeof(offset_ns), 0);
    ::close(file);
    if (written != sizeof(offset_ns)) return fail(ErrorCode::io_failed, path + " cannot be written");
    return {};
}

}  // namespace quern::harness::chaos
