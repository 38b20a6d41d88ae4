#include "system/os/process_limits.h"

#include <sys/resource.h>

#include <cerrno>

#include "system/os/posix_error.h"

namespace quern::os {

Result<uint64_t> raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return posix_failure(errno, "read the descriptor limit");
    }
    if (limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) {
            return posix_failure(errno, "raise the descriptor limit");
        }
    }
    return uint64_t{limit.rlim_cur};
}

}  // namespace quern::os
