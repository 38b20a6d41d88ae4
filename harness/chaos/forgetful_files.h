// A file system in memory that knows what would be left after a power cut: of each file what was synced
// since it was written, of each folder the names that were there when it was synced. Everything else may
// be lost, sector by sector and folder by folder.
//
// Errors are numbers as the kernel knows them (ENOENT, …); 0 is none. Paths begin with a slash.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>

namespace quern::harness::chaos {

class ForgetfulFiles {
public:
    static constexpr size_t block_bytes = 4096;
    static constexpr size_t sector_bytes = 512;  // what a power cut leaves whole
    using Block = std::array<uint8_t, block_bytes>;
    struct Content {
        std::map<uint64_t, std::shared_ptr<const Block>> blocks;  // others are zero
        uint64_t size = 0;
    };
    struct Node {
        bool folder = false;
        std::map<std::string, std::shared_ptr<Node>> names;    // of a folder
        std::map<std::string, std::shared_ptr<Node>> durable_names;
        Content content;  // of a file
        Content durable;
        uint64_t shrunk_to = UINT64_MAX;  // the least size since the last sync
    };
    using NodePtr = std::shared_ptr<Node>;

    ForgetfulFiles();

    NodePtr find(const std::string& path) const;  // nullptr: there is none
    int make(const std::string& path, bool folder);
    int remove(const std::string& path, bool folder);
    // Files only; what `to` was before is gone.
    int rename(const std::string& from, const std::string& to);

    static size_t read(const Node& file, uint64_t offset, std::span<uint8_t> into);
    // `durable`: these bytes, and the size, are synced at once (O_DSYNC).
    static void write(Node& file, uint64_t offset, std::span<const uint8_t> bytes, bool durable);
    static void resize(Node& file, uint64_t size);
    static void sync(Node& node);  // a file's content, or a folder's names

    // The power fails and comes back. A third of all draws keep nothing that was not synced, a third
    // everything, a third each sector and each folder by a draw of its own.
    void lose_power(uint64_t draw);

private:
    enum class Keep : uint8_t { nothing, all, some };
    struct Loss;
    static void settle(Node& node, Loss& loss);
    static void settle_file(Node& file, Loss& loss);
    // The folder of a path, and the name in it; nullptr: there is no such folder.
    Node* folder_of(const std::string& path, std::string& name) const;

    NodePtr root_;
};

}  // namespace quern::harness::chaos
