#include "tests/tidy/include_rules.h"

#include <algorithm>

#include "tests/tidy/source_text.h"

namespace quern::tidy {

namespace {

using Names = std::vector<std::string_view>;

struct Room {
    std::string_view folder;
    Names folders;    // whole rooms it may include, its own besides
    Names headers;    // single headers of other rooms
    Names libraries;  // beginnings of headers of libraries; fmt is free to all
};

#define QUERN_RAFT_TYPES "system/raft/types.h"
#define QUERN_QUEUE_TYPES "system/queue/types.h", "system/queue/command.h", "system/queue/receipt.h"
#define QUERN_METADATA_TYPES                                                               \
    "system/metadata/types.h", "system/metadata/command.h", "system/metadata/authorise.h", \
        "system/metadata/validate.h"

// What belongs to the kernel; no other room sees it.
constexpr std::string_view posix[] = {"unistd.h", "fcntl.h", "signal.h", "pthread.h",
                                      "dirent.h", "poll.h",  "sys/",     "netinet/",
                                      "arpa/",    "netdb.h", "linux/",   "sched.h"};

// The first folder that fits counts, so narrower ones stand before wider ones.
const std::vector<Room>& rooms() {
    static const std::vector<Room> table = {
        {"system/base", {}, {}, {"xxhash.h", "openssl/", "tl/expected.hpp"}},
        {"system/io", {"system/base"}, {}, {}},
        {"system/os",
         {"system/base", "system/io"},
         {},
         {"toml++/", "asio/", "asio.hpp", "spdlog/", "openssl/", "posix"}},
        {"system/storage", {"system/base", "system/io"}, {}, {"zstd.h"}},
        {"system/raft", {"system/base"}, {}, {}},
        {"system/queue", {"system/base"}, {}, {}},
        {"system/metadata", {"system/base"}, {}, {"openssl/"}},
        // catalogue.h for Change, which watchers are sent; io for the frame connections and links.
        {"system/wire",
         {"system/base", "system/io", "proto"},
         {QUERN_RAFT_TYPES, QUERN_QUEUE_TYPES, QUERN_METADATA_TYPES, "system/metadata/catalogue.h"},
         {"flatbuffers/"}},
        {"system/replica",
         {"system/base", "system/io", "system/wire", "system/storage", "system/raft",
          "system/queue", "system/metadata"},
         {},
         {}},
        {"system/sqs",
         {"system/base"},
         {QUERN_QUEUE_TYPES, QUERN_METADATA_TYPES},
         {"rapidjson/", "openssl/"}},
        {"system/balancer",
         {"system/base", "system/io", "system/wire", "system/sqs"},
         {QUERN_QUEUE_TYPES, QUERN_METADATA_TYPES, "system/metadata/cache.h",
          "system/metadata/catalogue.h", "system/metadata/secret_box.h"},
         {}},
        {"system/node",
         {"system/base", "system/io", "system/wire", "system/storage", "system/raft",
          "system/queue", "system/metadata", "system/replica", "system/sqs", "system/balancer"},
         {},
         {}},
        {"system/client",
         {"system/base", "system/io", "system/wire"},
         {QUERN_QUEUE_TYPES, QUERN_METADATA_TYPES},
         {}},
        {"system/daemon",
         {"system/base", "system/io", "system/os", "system/node", "system/balancer"},
         {QUERN_METADATA_TYPES, "system/metadata/secret_box.h"},
         {"CLI/", "posix"}},
        {"system/cli",
         {"system/base", "system/io", "system/os", "system/wire", "system/client"},
         {QUERN_QUEUE_TYPES, QUERN_METADATA_TYPES, "system/metadata/secret_box.h"},
         {"CLI/", "nlohmann/", "posix"}},
        // The simulated world knows nothing of what runs in it.
        {"sim/world", {"system/base", "system/io"}, {}, {}},
        {"sim",
         {"system/base", "system/io", "system/node"},
         {"system/storage/types.h", "system/storage/formats.h"},
         {}},
        // Logs of stopped nodes: who judges them has to apply them first.
        {"harness/stopped", {"system/base", "harness"},
         {QUERN_QUEUE_TYPES, QUERN_METADATA_TYPES, QUERN_RAFT_TYPES, "system/storage/wal_format.h",
          "system/storage/snapshot_format.h", "system/queue/group_state.h", "system/metadata/catalogue.h", "system/wire/command_codec.h"},
         {}},
        {"harness",
         {"system/base", "system/io", "system/os", "system/client", "system/node", "sim"},
         // Beyond what clients see: what the witness of replicas and their disks must understand.
         {QUERN_QUEUE_TYPES, QUERN_METADATA_TYPES, QUERN_RAFT_TYPES, "system/raft/raft.h",
          "system/replica/observer.h", "system/storage/wal_format.h",
          // What flies between machines, for those who look at a run.
          "system/wire/client_messages.h", "system/wire/peer_messages.h", "system/wire/frame.h"},
         {"nlohmann/", "CLI/", "posix"}},
    };
    return table;
}

// Narrower than their room: a library for a few files only.
struct LibraryFiles {
    std::string_view room;
    std::string_view library;
    Names files;
};
const std::vector<LibraryFiles>& library_files() {
    static const std::vector<LibraryFiles> table = {
        {"system/base", "openssl/", {"system/base/mac.cc"}},
        {"system/base", "xxhash.h", {"system/base/checksum.cc"}},
        {"system/base", "tl/expected.hpp", {"system/base/result.h"}},
        {"system/metadata", "openssl/", {"system/metadata/secret_box.cc"}},
        {"harness", "fuse3/", {"harness/chaos/disk/quern_chaos_disk.cc"}},
    };
    return table;
}

// Parts of the standard library that touch the world or another thread.
constexpr std::string_view worldly[] = {
    "thread",    "mutex",      "shared_mutex", "condition_variable", "future",
    "semaphore", "latch",      "barrier",      "stop_token",         "chrono",
    "random",    "filesystem", "fstream",      "iostream",           "csignal",
    "ctime",     "coroutine"};
constexpr std::string_view worldly_folders[] = {"system/os", "system/daemon", "system/cli",
                                                "harness"};

bool below(std::string_view path, std::string_view folder) {
    return path.starts_with(folder) && path.size() > folder.size() && path[folder.size()] == '/';
}

template <typename List>
bool any_begins(std::string_view path, const List& beginnings) {
    return std::any_of(std::begin(beginnings), std::end(beginnings),
                       [&](std::string_view beginning) { return path.starts_with(beginning); });
}

const Room* room_of(std::string_view path) {
    for (const Room& room : rooms()) {
        if (below(path, room.folder)) return &room;
    }
    return nullptr;
}

bool may_include_header(const Room& room, std::string_view header) {
    if (below(header, room.folder)) return true;
    for (const std::string_view folder : room.folders) {
        if (below(header, folder)) return true;
    }
    return std::find(room.headers.begin(), room.headers.end(), header) != room.headers.end();
}

bool is_standard(std::string_view header) {
    return header.find('.') == std::string_view::npos && header.find('/') == std::string_view::npos;
}

bool may_include_library(const Room& room, std::string_view path, std::string_view header) {
    if (is_standard(header)) {
        const bool plain =
            std::find(std::begin(worldly), std::end(worldly), header) == std::end(worldly);
        return plain || std::any_of(std::begin(worldly_folders), std::end(worldly_folders),
                                    [&](std::string_view folder) { return below(path, folder); });
    }
    if (header.starts_with("fmt/")) return true;
    for (const LibraryFiles& narrow : library_files()) {
        if (narrow.room != room.folder || !header.starts_with(narrow.library)) continue;
        return std::find(narrow.files.begin(), narrow.files.end(), path) != narrow.files.end();
    }
    if (any_begins(header, posix)) {
        return std::find(room.libraries.begin(), room.libraries.end(), "posix") !=
               room.libraries.end();
    }
    return any_begins(header, room.libraries);
}

}  // namespace

std::vector<std::string> check_includes(std::string_view path, std::string_view text) {
    std::vector<std::string> complaints;
    const Room* room = room_of(path);
    const bool in_rooms =
        path.starts_with("system/") || below(path, "sim") || below(path, "harness");
    if (room == nullptr) {
        if (in_rooms)
            complaints.push_back(std::string(path) + ":1: a room that is not in the table");
        return complaints;
    }
    for (const Include& include : find_includes(text)) {
        const bool allowed = include.quoted ? may_include_header(*room, include.path)
                                            : may_include_library(*room, path, include.path);
        if (allowed) continue;
        complaints.push_back(std::string(path) + ":" + std::to_string(include.line) + ": " +
                             std::string(room->folder) + " may not include " + include.path);
    }
    return complaints;
}

}  // namespace quern::tidy
