#include "system/os/posix_error.h"

#include <cerrno>
#include <system_error>

namespace quern::os {

ErrorCode error_code_of_errno(int number) {
    switch (number) {
        case ENOSPC:
        case EDQUOT:
        case EFBIG:
            return ErrorCode::no_space;
        case ENOENT:
        case ENOTDIR:
            return ErrorCode::not_found;
        case EEXIST:
            return ErrorCode::already_exists;
        case EACCES:
        case EPERM:
        case EROFS:
            return ErrorCode::permission_denied;
        case EADDRINUSE:
            return ErrorCode::address_in_use;
        case ECONNREFUSED:
        case EHOSTUNREACH:
        case ENETUNREACH:
        case ENETDOWN:
        case EHOSTDOWN:
            return ErrorCode::connection_refused;
        case ECONNRESET:
        case ECONNABORTED:
        case EPIPE:
            return ErrorCode::connection_reset;
        case ETIMEDOUT:
            return ErrorCode::timed_out;
        case ECANCELED:
            return ErrorCode::cancelled;
        case EINVAL:
        case EISDIR:
        case ENAMETOOLONG:
        case EADDRNOTAVAIL:
        case EAFNOSUPPORT:
            return ErrorCode::invalid_argument;
        case EOPNOTSUPP:
        case ENOSYS:
            return ErrorCode::not_supported;
        default:
            return ErrorCode::io_failed;
    }
}

Failure posix_failure(int number, const std::string& what) {
    return fail(error_code_of_errno(number), what + ": " + std::generic_category().message(number));
}

}  // namespace quern::os
