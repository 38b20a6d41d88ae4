// quern-chaos-disk FOLDER: a ForgetfulFiles as a file system of the kernel's (FUSE), until it is killed.
// Who writes a number into the file .power at its root makes it lose power; nobody may have a file open.
#define FUSE_USE_VERSION 31
#include <fcntl.h>
#include <fuse3/fuse.h>
#include <sys/statvfs.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <ctime>

#include "harness/chaos/forgetful_files.h"

namespace quern::harness::chaos {

namespace {

constexpr std::string_view control = "/.power";
constexpr uint64_t free_bytes = 64ull << 30;

using Files = ForgetfulFiles;

Files& files() {
    static Files all;
    return all;
}

// What a handle names lives as long as it.
Files::NodePtr* handle(const fuse_file_info* info) {
    return reinterpret_cast<Files::NodePtr*>(info->fh);
}
void open_handle(fuse_file_info* info, Files::NodePtr node) {
    info->fh = reinterpret_cast<uint64_t>(new Files::NodePtr(std::move(node)));
    info->direct_io = 1;  // nothing stays in the kernel
}
Files::NodePtr node_of(const char* path, const fuse_file_info* info) {
    if (info != nullptr && info->fh != 0) return *handle(info);
    return files().find(path);
}

int get_attributes(const char* path, struct stat* out, fuse_file_info* info) {
    std::memset(out, 0, sizeof(*out));
    out->st_nlink = 1;
    if (path != nullptr && path == control) {
        out->st_mode = S_IFREG | 0600;
        return 0;
    }
    const Files::NodePtr node = node_of(path, info);
    if (node == nullptr) return -ENOENT;
    out->st_mode = node->folder ? S_IFDIR | 0755 : S_IFREG | 0644;
    out->st_size = static_cast<off_t>(node->content.size);
    out->st_blocks = static_cast<blkcnt_t>(node->content.blocks.size() * Files::block_bytes / 512);
    return 0;
}

int make_folder(const char* path, mode_t) { return -files().make(path, true); }
int remove_file(const char* path) { return -files().remove(path, false); }
int remove_folder(const char* path) { return -files().remove(path, true); }

int rename_file(const char* from, const char* to, unsigned flags) {
    return flags != 0 ? -EINVAL : -files().rename(from, to);
}

int open_file(const char* path, fuse_file_info* info) {
    if (path == control) {
        info->direct_io = 1;
        return 0;
    }
    const Files::NodePtr node = files().find(path);
    if (node == nullptr) return -ENOENT;
    if ((info->flags & O_TRUNC) != 0) Files::resize(*node, 0);
    open_handle(info, node);
    return 0;
}

int create_file(const char* path, mode_t, fuse_file_info* info) {
    const int error = files().make(path, false);
    if (error != 0) return -error;
    open_handle(info, files().find(path));
    return 0;
}

int release(const char*, fuse_file_info* info) {
    delete handle(info);
    return 0;
}

int read_file(const char*, char* into, size_t size, off_t offset, fuse_file_info* info) {
    if (info->fh == 0) return 0;
    const std::span<uint8_t> bytes(reinterpret_cast<uint8_t*>(into), size);
    return static_cast<int>(Files::read(**handle(info), static_cast<uint64_t>(offset), bytes));
}

int write_file(const char* path, const char* from, size_t size, off_t offset, fuse_file_info* info) {
    if (info->fh == 0) {
        uint64_t draw = 0;
        if (path == nullptr || path != control) return -EIO;
        if (std::from_chars(from, from + size, draw).ptr != from + size) return -EINVAL;
        files().lose_power(draw);
        return static_cast<int>(size);
    }
    const std::span<const uint8_t> bytes(reinterpret_cast<const uint8_t*>(from), size);
    Files::write(**handle(info), static_cast<uint64_t>(offset), bytes, (info->flags & O_DSYNC) != 0);
    return static_cast<int>(size);
}

int truncate_file(const char* path, off_t size, fuse_file_info* info) {
    const Files::NodePtr node = node_of(path, info);
    if (node == nullptr) return -ENOENT;
    Files::resize(*node, static_cast<uint64_t>(size));
    return 0;
}

int allocate(const char*, int mode, off_t offset, off_t length, fuse_file_info* info) {
    if (mode != 0) return -EOPNOTSUPP;
    Files::Node& file = **handle(info);
    const auto end = static_cast<uint64_t>(offset + length);
    if (end > file.content.size) Files::resize(file, end);
    return 0;
}

int sync_node(const char* path, int, fuse_file_info* info) {
    const Files::NodePtr node = node_of(path, info);
    if (node == nullptr) return -ENOENT;
    Files::sync(*node);
    return 0;
}

int list_folder(const char* path, void* into, fuse_fill_dir_t add, off_t, fuse_file_info*,
                fuse_readdir_flags) {
    const Files::NodePtr node = files().find(path);
    if (node == nullptr) return -ENOENT;
    for (const char* always : {".", ".."}) add(into, always, nullptr, 0, fuse_fill_dir_flags{});
    for (const auto& [name, child] : node->names) {
        add(into, name.c_str(), nullptr, 0, fuse_fill_dir_flags{});
    }
    return 0;
}

int tell_space(const char*, struct statvfs* out) {
    std::memset(out, 0, sizeof(*out));
    out->f_bsize = out->f_frsize = Files::block_bytes;
    out->f_blocks = out->f_bfree = out->f_bavail = free_bytes / Files::block_bytes;
    out->f_namemax = 255;
    return 0;
}

// Modes, owners and times are not kept.
int change_mode(const char*, mode_t, fuse_file_info*) { return 0; }
int change_owner(const char*, uid_t, gid_t, fuse_file_info*) { return 0; }
int change_times(const char*, const timespec*, fuse_file_info*) { return 0; }

void* start(fuse_conn_info*, fuse_config* config) {
    config->entry_timeout = config->attr_timeout = config->negative_timeout = 0;
    config->hard_remove = 1;
    return nullptr;
}

fuse_operations operations() {
    fuse_operations all{};
    all.getattr = get_attributes;
    all.mkdir = make_folder;
    all.unlink = remove_file;
    all.rmdir = remove_folder;
    all.rename = rename_file;
    all.open = open_file;
    all.create = create_file;
    all.release = release;
    all.read = read_file;
    all.write = write_file;
    all.truncate = truncate_file;
    all.fallocate = allocate;
    all.fsync = sync_node;
    all.fsyncdir = sync_node;
    all.readdir = list_folder;
    all.statfs = tell_space;
    all.chmod = change_mode;
    all.chown = change_owner;
    all.utimens = change_times;
    all.init = start;
    return all;
}

}  // namespace

}  // namespace quern::harness::chaos

int main(int argc, char** argv) {
    if (argc != 2) return 2;
    // In the foreground, one thread.
    const char* arguments[] = {argv[0], "-f", "-s", "-o", "fsname=quern-chaos-disk", argv[1]};
    const fuse_operations operations = quern::harness::chaos::operations();
    return fuse_main(6, const_cast<char**>(arguments), &operations, nullptr);
}
