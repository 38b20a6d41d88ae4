#include "system/os/data_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "system/os/data_path.h"
#include "system/os/posix_error.h"

namespace quern::os {

namespace {

// Makes the names in the directory `path` durable.
Result<void> sync_names(const std::string& path) {
    const int directory = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) return posix_failure(errno, "open directory " + path);
    const int result = ::fsync(directory);
    const int number = errno;
    ::close(directory);
    if (result != 0) return posix_failure(number, "sync directory " + path);
    return {};
}

// The directory that the part of `path` before `slash` lies in.
std::string parent_of(const std::string& path, size_t slash) {
    const size_t before = path.find_last_of('/', slash - 1);
    if (before == std::string::npos) return ".";
    return before == 0 ? "/" : path.substr(0, before);
}

// All of them are there after a power cut, too: a data directory that is gone then would make its node
// begin anew, without what it had promised.
Result<void> make_directories(const std::string& path) {
    for (size_t slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
        const size_t end = std::min(slash, path.size());
        const std::string part = path.substr(0, end);
        const bool made = ::mkdir(part.c_str(), 0750) == 0;
        if (!made && errno != EEXIST) return posix_failure(errno, "make data directory " + part);
        // The last one may have been made by a process that died before it could sync.
        const bool last = slash == std::string::npos;
        if (made || last) {
            Result<void> synced = sync_names(parent_of(path, end));
            // Who may only use what another has made need not be able to read what lies around it.
            if (!synced && (made || synced.error().code != ErrorCode::permission_denied)) return synced;
        }
        if (last) return {};
    }
}

}  // namespace

Result<DataDirectory> DataDirectory::open(const std::string& path) {
    if (path.empty()) return fail(ErrorCode::invalid_argument, "the data directory has no name");
    if (auto made = make_directories(path); !made) return fail(std::move(made.error()));
    DataDirectory directory;
    directory.root_ = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory.root_ < 0) return posix_failure(errno, "open data directory " + path);
    directory.lock_ = ::openat(directory.root_, lock_file_name, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (directory.lock_ < 0)
        return posix_failure(errno, "open lock file of data directory " + path);
    if (::flock(directory.lock_, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) return posix_failure(errno, "lock data directory " + path);
        return fail(ErrorCode::already_exists,
                    "data directory " + path + " is in use by another process");
    }
    return directory;
}

DataDirectory::DataDirectory(DataDirectory&& o) noexcept
    : root_(std::exchange(o.root_, -1)), lock_(std::exchange(o.lock_, -1)) {}

DataDirectory& DataDirectory::operator=(DataDirectory&& o) noexcept {
    std::swap(root_, o.root_);
    std::swap(lock_, o.lock_);
    return *this;
}

DataDirectory::~DataDirectory() {
    if (lock_ >= 0) ::close(lock_);
    if (root_ >= 0) ::close(root_);
}

}  // namespace quern::os
