#include "sim/world/platter.h"

#include "sim/world/draws.h"

namespace quern::sim {

std::string folder_of(const std::string& path) {
    const size_t slash = path.rfind('/');
    return slash == std::string::npos ? std::string() : path.substr(0, slash);
}

std::string file_class(const std::string& path) {
    const std::string folder = folder_of(path);
    if (!folder.empty()) return folder.substr(folder.rfind('/') + 1);
    return path.substr(0, path.find_first_of(".-0123456789"));
}

void Platter::apply(Names& names, const Change& change) {
    if (!change.inode) {
        names.erase(change.name);
        return;
    }
    if (!change.gone.empty()) {
        const auto it = names.find(change.gone);
        if (it != names.end() && it->second == change.inode) names.erase(it);
    }
    names[change.name] = change.inode;
}

Result<InodeRef> Platter::open(const std::string& path, OpenMode mode) {
    const auto it = names_.find(path);
    if (it != names_.end()) {
        if (mode == OpenMode::create_new) return fail(ErrorCode::already_exists, path);
        return it->second;
    }
    if (mode == OpenMode::existing) return fail(ErrorCode::not_found, path);
    auto inode = std::make_shared<Inode>(mix64(identity_ ^ name_identity(path)) + ++files_made_);
    names_[path] = inode;
    changes_.push_back({++order_, folder_of(path), path, inode, {}});
    return inode;
}

Result<void> Platter::rename(const std::string& from, const std::string& to) {
    const auto it = names_.find(from);
    if (it == names_.end()) return fail(ErrorCode::not_found, from);
    if (from == to) return {};
    Change change{++order_, folder_of(to), to, it->second, from};
    apply(names_, change);
    changes_.push_back(std::move(change));
    return {};
}

Result<void> Platter::remove(const std::string& path) {
    if (names_.erase(path) == 0) return fail(ErrorCode::not_found, path);
    changes_.push_back({++order_, folder_of(path), path, nullptr, {}});
    return {};
}

std::vector<std::string> Platter::list(const std::string& folder) const {
    const std::string prefix = folder.empty() ? "" : folder + "/";
    std::vector<std::string> found;
    for (auto it = names_.lower_bound(prefix); it != names_.end(); ++it) {
        if (it->first.compare(0, prefix.size(), prefix) != 0) break;
        const std::string name = it->first.substr(prefix.size());
        if (name.find('/') == std::string::npos) found.push_back(name);
    }
    return found;
}

void Platter::directory_synced(const std::string& folder, uint64_t point) {
    ++durable_version_;
    std::vector<Change> left;
    for (Change& change : changes_) {
        if (change.folder == folder && change.order <= point) {
            apply(durable_, change);
        } else {
            left.push_back(std::move(change));
        }
    }
    changes_ = std::move(left);
}

uint64_t Platter::used() const {
    uint64_t bytes = 0;
    for (const auto& [path, inode] : names_)
        bytes += inode->usage();
    return bytes;
}

bool Platter::dirty() const {
    if (!changes_.empty()) return true;
    for (const auto& [path, inode] : names_) {
        if (inode->dirty()) return true;
    }
    return false;
}

void Platter::crash(CrashLoss loss, uint64_t ordinal) {
    ++durable_version_;
    const uint64_t random = draw(seed_, Concern::crash_directory, identity_, ordinal);
    const bool subset = random % 2 == 0;
    const size_t prefix = bounded(mix64(random), changes_.size() + 1);
    for (size_t i = 0; i < changes_.size(); ++i) {
        bool kept = subset ? mix64(random + i) % 2 == 0 : i < prefix;
        if (loss == CrashLoss::everything) kept = false;
        if (loss == CrashLoss::nothing) kept = true;
        if (kept) apply(durable_, changes_[i]);
    }
    changes_.clear();
    names_ = durable_;
    for (const auto& [path, inode] : names_) {
        inode->crash(loss, draw(seed_, Concern::crash_sectors, inode->identity(), ordinal));
    }
}

void Platter::process_died(uint64_t ordinal) {
    for (const auto& [path, inode] : names_) {
        inode->process_died(draw(seed_, Concern::crash_sectors, inode->identity(), ordinal));
    }
}

void Platter::wipe() {
    ++durable_version_;
    names_.clear();
    durable_.clear();
    changes_.clear();
}

std::vector<std::string> Platter::paths() const {
    std::vector<std::string> found;
    for (const auto& [path, inode] : names_)
        found.push_back(path);
    return found;
}

std::vector<std::string> Platter::paths_durable() const {
    std::vector<std::string> found;
    for (const auto& [path, inode] : durable_)
        found.push_back(path);
    return found;
}

std::string Platter::path_durable_after(const std::string& path) const {
    const auto it = durable_.upper_bound(path);
    return it == durable_.end() ? "" : it->first;
}

Result<Buffer> Platter::durable_image(const std::string& path, bool pristine) const {
    const InodeRef inode = find_durable(path);
    if (!inode) return fail(ErrorCode::not_found, path);
    MutableBuffer bytes(inode->size_durable());
    if (!inode->read_durable(0, bytes.span(), pristine)) return fail(ErrorCode::io_failed, path);
    return std::move(bytes).freeze();
}

InodeRef Platter::find(const std::string& path) const {
    const auto it = names_.find(path);
    return it == names_.end() ? nullptr : it->second;
}

InodeRef Platter::find_durable(const std::string& path) const {
    const auto it = durable_.find(path);
    return it == durable_.end() ? nullptr : it->second;
}

}  // namespace quern::sim
