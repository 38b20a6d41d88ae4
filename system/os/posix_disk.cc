#include "system/os/posix_disk.h"

#include <unistd.h>

#include "system/os/data_path.h"
#include "system/os/folder_calls.h"

namespace quern::os {

namespace {

Result<void> check_root(int root) {
    if (root >= 0) return {};
    return fail(ErrorCode::not_supported, "this process has no data directory");
}

Result<void> check(int root, const std::string& path) {
    if (auto rooted = check_root(root); !rooted) return rooted;
    return check_file_path(path);
}

Result<std::string> check_folder(int root, const std::string& folder) {
    if (auto rooted = check_root(root); !rooted) return fail(std::move(rooted.error()));
    return check_folder_path(folder);
}

// A descriptor on its way from the lane to a File; closed if it never gets there.
class OpenedFile {
public:
    explicit OpenedFile(int descriptor) : descriptor_(descriptor) {}
    OpenedFile(OpenedFile&& o) noexcept : descriptor_(std::exchange(o.descriptor_, -1)) {}
    OpenedFile& operator=(OpenedFile&&) = delete;
    ~OpenedFile() {
        if (descriptor_ >= 0) ::close(descriptor_);
    }
    int release() { return std::exchange(descriptor_, -1); }

private:
    int descriptor_;
};

}  // namespace

void PosixDisk::open(const std::string& path, OpenMode mode,
                     Callback<void(Result<std::unique_ptr<File>>)> done) {
    core_.reads.submit(make_job<OpenedFile>(
        [root = root_, path, mode]() -> Result<OpenedFile> {
            if (auto checked = check(root, path); !checked) return fail(std::move(checked.error()));
            Result<int> opened = open_file(root, path, mode);
            if (!opened) return fail(std::move(opened.error()));
            return OpenedFile(*opened);
        },
        [this, done = std::move(done)](Result<OpenedFile> opened) mutable {
            if (!opened) return done(fail(std::move(opened.error())));
            done(make_file(core_, opened->release()));
        }));
}

void PosixDisk::rename(const std::string& from, const std::string& to,
                       Callback<void(Result<void>)> done) {
    core_.reads.submit(make_job<void>(
        [root = root_, from, to]() -> Result<void> {
            if (auto checked = check(root, from); !checked) return checked;
            if (auto checked = check(root, to); !checked) return checked;
            return rename_file(root, from, to);
        },
        std::move(done)));
}

void PosixDisk::remove(const std::string& path, Callback<void(Result<void>)> done) {
    core_.background.submit(make_job<void>(
        [root = root_, path]() -> Result<void> {
            if (auto checked = check(root, path); !checked) return checked;
            return remove_file(root, path);
        },
        std::move(done)));
}

void PosixDisk::list(const std::string& folder,
                     Callback<void(Result<std::vector<std::string>>)> done) {
    using Names = std::vector<std::string>;
    core_.reads.submit(make_job<Names>(
        [root = root_, folder]() -> Result<Names> {
            Result<std::string> checked = check_folder(root, folder);
            if (!checked) return fail(std::move(checked.error()));
            return list_folder(root, *checked);
        },
        std::move(done)));
}

void PosixDisk::sync_directory(const std::string& folder, Callback<void(Result<void>)> done) {
    core_.background.submit(make_job<void>(
        [core = &core_, root = root_, folder]() -> Result<void> {
            Result<std::string> checked = check_folder(root, folder);
            if (!checked) return fail(std::move(checked.error()));
            return latched(*core, [&] {
                return sync_folder_and_way(root, *checked, core->anchored_folders);
            });
        },
        std::move(done)));
}

void PosixDisk::space(Callback<void(Result<DiskSpace>)> done) {
    core_.reads.submit(make_job<DiskSpace>(
        [root = root_]() -> Result<DiskSpace> {
            if (auto rooted = check_root(root); !rooted) return fail(std::move(rooted.error()));
            return space_of(root);
        },
        std::move(done)));
}

}  // namespace quern::os
