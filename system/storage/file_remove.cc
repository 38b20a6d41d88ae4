#include "system/storage/file_remove.h"

namespace quern::storage {

void remove_files(Disk& disk, std::vector<std::string> paths, Callback<void(Result<void>)> done) {
    if (paths.empty()) return done({});
    const std::string path = std::move(paths.back());
    paths.pop_back();
    disk.remove(path, [&disk, paths = std::move(paths),
                       done = std::move(done)](Result<void> removed) mutable {
        if (!removed && removed.error().code != ErrorCode::not_found)
            return done(std::move(removed));
        remove_files(disk, std::move(paths), std::move(done));
    });
}

}  // namespace quern::storage
