#include "system/os/file_calls.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>

#include "system/os/posix_error.h"

namespace quern::os {

namespace {

constexpr size_t gather_parts_max = 256;
static_assert(gather_parts_max <= IOV_MAX);

// Where a gathered write stands in its chain.
struct Position {
    size_t part = 0;
    size_t offset_bytes = 0;

    int gather(const std::vector<Buffer>& parts, iovec* vectors) const {
        size_t count = 0;
        size_t skip = offset_bytes;
        for (size_t i = part; i < parts.size() && count < gather_parts_max; ++i) {
            vectors[count].iov_base = const_cast<uint8_t*>(parts[i].data() + skip);
            vectors[count].iov_len = parts[i].size() - skip;
            skip = 0;
            ++count;
        }
        return static_cast<int>(count);
    }
    void advance(const std::vector<Buffer>& parts, size_t bytes) {
        while (bytes > 0) {
            const size_t rest = parts[part].size() - offset_bytes;
            if (bytes < rest) {
                offset_bytes += bytes;
                return;
            }
            bytes -= rest;
            ++part;
            offset_bytes = 0;
        }
    }
};

}  // namespace

Result<void> write_all(int file, uint64_t offset_bytes, const BufferChain& data,
                       Durability durability) {
    const std::vector<Buffer>& parts = data.parts();
    // One call that writes and syncs is the quickest; a chain of many parts takes several calls and
    // one sync at the end.
    int flags =
        durability == Durability::these_bytes && parts.size() <= gather_parts_max ? RWF_DSYNC : 0;
    bool sync_after = durability != Durability::none && flags == 0;
    Position position;
    iovec vectors[gather_parts_max];
    while (position.part < parts.size()) {
        const int count = position.gather(parts, vectors);
        const ssize_t wrote =
            ::pwritev2(file, vectors, count, static_cast<off_t>(offset_bytes), flags);
        if (wrote < 0) {
            if (errno == EINTR) continue;
            if (flags != 0 && (errno == EOPNOTSUPP || errno == ENOSYS)) {
                flags = 0;
                sync_after = true;
                continue;
            }
            return posix_failure(errno, "write");
        }
        if (wrote == 0) return fail(ErrorCode::io_failed, "write: the kernel took no bytes");
        position.advance(parts, static_cast<size_t>(wrote));
        offset_bytes += static_cast<uint64_t>(wrote);
    }
    if (sync_after) return sync_data(file);
    return {};
}

Result<size_t> read_all(int file, uint64_t offset_bytes, std::span<uint8_t> into) {
    size_t total = 0;
    while (total < into.size()) {
        const ssize_t got = ::pread(file, into.data() + total, into.size() - total,
                                    static_cast<off_t>(offset_bytes + total));
        if (got == 0) break;
        if (got < 0) {
            if (errno == EINTR) continue;
            return posix_failure(errno, "read");
        }
        total += static_cast<size_t>(got);
    }
    return total;
}

bool read_cached(int file, uint64_t offset_bytes, std::span<uint8_t> into) {
    const iovec vector{into.data(), into.size()};
    const ssize_t got = ::preadv2(file, &vector, 1, static_cast<off_t>(offset_bytes), RWF_NOWAIT);
    return got >= 0 && static_cast<size_t>(got) == into.size();
}

Result<void> sync_data(int file) {
    // Never tried again: after a failure the kernel may have dropped the pages and report success.
    if (::fdatasync(file) != 0) return posix_failure(errno, "sync");
    return {};
}

Result<uint64_t> size_of(int file) {
    struct stat status {};
    if (::fstat(file, &status) != 0) return posix_failure(errno, "size");
    return static_cast<uint64_t>(status.st_size);
}

Result<void> set_size(int file, uint64_t size_bytes) {
    while (::ftruncate(file, static_cast<off_t>(size_bytes)) != 0) {
        if (errno != EINTR) return posix_failure(errno, "truncate");
    }
    return {};
}

Result<void> reserve(int file, uint64_t size_bytes) {
    while (::fallocate(file, 0, 0, static_cast<off_t>(size_bytes)) != 0) {
        if (errno == EOPNOTSUPP || errno == ENOSYS) return {};
        if (errno != EINTR) return posix_failure(errno, "allocate");
    }
    return {};
}

Result<void> zero_fill(int file, uint64_t offset_bytes, uint64_t size_bytes) {
    static const uint8_t zeros[256 * 1024] = {};
    while (size_bytes > 0) {
        const size_t piece = static_cast<size_t>(std::min<uint64_t>(size_bytes, sizeof(zeros)));
        const ssize_t wrote = ::pwrite(file, zeros, piece, static_cast<off_t>(offset_bytes));
        if (wrote < 0) {
            if (errno == EINTR) continue;
            return posix_failure(errno, "allocate");
        }
        offset_bytes += static_cast<uint64_t>(wrote);
        size_bytes -= static_cast<uint64_t>(wrote);
    }
    return {};
}

}  // namespace quern::os
