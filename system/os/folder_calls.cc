#include "system/os/folder_calls.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "system/os/data_path.h"
#include "system/os/posix_error.h"

namespace quern::os {

namespace {

constexpr mode_t file_mode = 0640;
constexpr mode_t folder_mode = 0750;

Failure failure_at(int number, const char* what, const std::string& path) {
    return posix_failure(number, std::string(what) + " " + path);
}

int open_flags(OpenMode mode) {
    switch (mode) {
        case OpenMode::existing:
            return O_RDWR | O_CLOEXEC;
        case OpenMode::create_new:
            return O_RDWR | O_CLOEXEC | O_CREAT | O_EXCL;
        case OpenMode::create_or_open:
            return O_RDWR | O_CLOEXEC | O_CREAT;
    }
    QUERN_UNREACHABLE();
}

Result<void> make_folders(int root, const std::string& path) {
    std::string parent = ".";
    for (size_t slash = path.find('/'); slash != std::string::npos;
         slash = path.find('/', slash + 1)) {
        const std::string folder = path.substr(0, slash);
        if (::mkdirat(root, folder.c_str(), folder_mode) == 0) {
            if (auto synced = sync_folder(root, parent); !synced) return synced;
        } else if (errno != EEXIST) {
            return failure_at(errno, "make folder", folder);
        }
        parent = folder;
    }
    return {};
}

bool is_file(int folder, const dirent& entry) {
    if (entry.d_type != DT_UNKNOWN) return entry.d_type == DT_REG;
    struct stat status {};
    return ::fstatat(folder, entry.d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISREG(status.st_mode);
}

}  // namespace

Result<int> open_file(int root, const std::string& path, OpenMode mode) {
    const int flags = open_flags(mode);
    int file = ::openat(root, path.c_str(), flags, file_mode);
    if (file < 0 && errno == ENOENT && mode != OpenMode::existing) {
        if (auto made = make_folders(root, path); !made) return fail(std::move(made.error()));
        file = ::openat(root, path.c_str(), flags, file_mode);
    }
    if (file < 0) return failure_at(errno, "open", path);
    return file;
}

Result<void> rename_file(int root, const std::string& from, const std::string& to) {
    if (::renameat(root, from.c_str(), root, to.c_str()) != 0) {
        return failure_at(errno, "rename", from + " to " + to);
    }
    return {};
}

Result<void> remove_file(int root, const std::string& path) {
    if (::unlinkat(root, path.c_str(), 0) != 0) return failure_at(errno, "remove", path);
    return {};
}

Result<std::vector<std::string>> list_folder(int root, const std::string& folder) {
    std::vector<std::string> names;
    const int descriptor = ::openat(root, folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) {
        if (errno == ENOENT) return names;
        return failure_at(errno, "list", folder);
    }
    DIR* stream = ::fdopendir(descriptor);
    if (stream == nullptr) {
        const int number = errno;
        ::close(descriptor);
        return failure_at(number, "list", folder);
    }
    for (;;) {
        errno = 0;
        const dirent* entry = ::readdir(stream);
        if (entry == nullptr) break;
        if (folder == "." && entry->d_name == std::string_view(lock_file_name)) continue;
        if (is_file(descriptor, *entry)) names.emplace_back(entry->d_name);
    }
    const int number = errno;
    ::closedir(stream);
    if (number != 0) return failure_at(number, "list", folder);
    std::sort(names.begin(), names.end());
    return names;
}

Result<void> sync_folder(int root, const std::string& folder) {
    const int descriptor = ::openat(root, folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return failure_at(errno, "open folder", folder);
    const int result = ::fsync(descriptor);
    const int number = errno;
    ::close(descriptor);
    if (result != 0) return failure_at(number, "sync folder", folder);
    return {};
}

Result<void> sync_folder_and_way(int root, const std::string& folder, std::set<std::string>& anchored) {
    if (folder != "." && !anchored.contains(folder)) {
        const size_t slash = folder.rfind('/');
        const std::string parent = slash == std::string::npos ? "." : folder.substr(0, slash);
        if (auto synced = sync_folder_and_way(root, parent, anchored); !synced) return synced;
        anchored.insert(folder);
    }
    return sync_folder(root, folder);
}

Result<DiskSpace> space_of(int root) {
    struct statvfs status {};
    if (::fstatvfs(root, &status) != 0) return posix_failure(errno, "disk space");
    return DiskSpace{status.f_bavail * status.f_frsize, status.f_blocks * status.f_frsize};
}

}  // namespace quern::os
