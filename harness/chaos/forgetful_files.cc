#include "harness/chaos/forgetful_files.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <set>

#include "system/base/prng.h"

namespace quern::harness::chaos {

namespace {

using Files = ForgetfulFiles;
using BlockPtr = std::shared_ptr<const Files::Block>;

BlockPtr block_at(const Files::Content& content, uint64_t number) {
    const auto it = content.blocks.find(number);
    return it == content.blocks.end() ? nullptr : it->second;
}

// Bytes in [from, until) of a block become zero, or those of `bytes`.
BlockPtr changed(const BlockPtr& before, size_t from, size_t until, const uint8_t* bytes) {
    auto block = before ? std::make_shared<Files::Block>(*before) : std::make_shared<Files::Block>();
    if (!before) block->fill(0);
    if (bytes != nullptr) std::memcpy(block->data() + from, bytes, until - from);
    else std::memset(block->data() + from, 0, until - from);
    return block;
}

void put(Files::Content& content, uint64_t offset, std::span<const uint8_t> bytes) {
    content.size = std::max<uint64_t>(content.size, offset + bytes.size());
    for (size_t done = 0; done < bytes.size();) {
        const uint64_t number = (offset + done) / Files::block_bytes;
        const size_t from = (offset + done) % Files::block_bytes;
        const size_t until = std::min(Files::block_bytes, from + bytes.size() - done);
        content.blocks[number] = changed(block_at(content, number), from, until, bytes.data() + done);
        done += until - from;
    }
}

void cut_off(Files::Content& content, uint64_t size) {
    content.size = size;
    const uint64_t number = size / Files::block_bytes;
    const size_t rest = size % Files::block_bytes;
    content.blocks.erase(content.blocks.lower_bound(rest == 0 ? number : number + 1), content.blocks.end());
    if (rest == 0) return;
    const BlockPtr last = block_at(content, number);
    if (last) content.blocks[number] = changed(last, rest, Files::block_bytes, nullptr);
}

}  // namespace

ForgetfulFiles::ForgetfulFiles() : root_(std::make_shared<Node>()) { root_->folder = true; }

ForgetfulFiles::NodePtr ForgetfulFiles::find(const std::string& path) const {
    NodePtr node = root_;
    for (size_t at = 1; at < path.size();) {
        const size_t end = std::min(path.find('/', at), path.size());
        const auto next = node->names.find(path.substr(at, end - at));
        if (next == node->names.end()) return nullptr;
        node = next->second;
        at = end + 1;
    }
    return node;
}

ForgetfulFiles::Node* ForgetfulFiles::folder_of(const std::string& path, std::string& name) const {
    const size_t slash = path.rfind('/');
    name = path.substr(slash + 1);
    const NodePtr folder = find(path.substr(0, slash));
    return folder != nullptr && folder->folder && !name.empty() ? folder.get() : nullptr;
}

int ForgetfulFiles::make(const std::string& path, bool folder) {
    std::string name;
    Node* parent = folder_of(path, name);
    if (parent == nullptr) return ENOENT;
    auto node = std::make_shared<Node>();
    node->folder = folder;
    return parent->names.emplace(name, std::move(node)).second ? 0 : EEXIST;
}

int ForgetfulFiles::remove(const std::string& path, bool folder) {
    std::string name;
    Node* parent = folder_of(path, name);
    const NodePtr node = find(path);
    if (parent == nullptr || node == nullptr) return ENOENT;
    if (node->folder != folder) return folder ? ENOTDIR : EISDIR;
    if (!node->names.empty()) return ENOTEMPTY;
    parent->names.erase(name);
    return 0;
}

int ForgetfulFiles::rename(const std::string& from, const std::string& to) {
    std::string old_name;
    std::string new_name;
    Node* old_parent = folder_of(from, old_name);
    Node* new_parent = folder_of(to, new_name);
    const NodePtr node = find(from);
    const NodePtr replaced = find(to);
    if (old_parent == nullptr || new_parent == nullptr || node == nullptr) return ENOENT;
    if (node->folder || (replaced != nullptr && replaced->folder)) return ENOTSUP;
    old_parent->names.erase(old_name);
    new_parent->names[new_name] = node;
    return 0;
}

size_t ForgetfulFiles::read(const Node& file, uint64_t offset, std::span<uint8_t> into) {
    if (offset >= file.content.size) return 0;
    const size_t count = std::min<uint64_t>(into.size(), file.content.size - offset);
    for (size_t done = 0; done < count;) {
        const size_t from = (offset + done) % block_bytes;
        const size_t part = std::min(block_bytes - from, count - done);
        const BlockPtr block = block_at(file.content, (offset + done) / block_bytes);
        if (block) std::memcpy(into.data() + done, block->data() + from, part);
        else std::memset(into.data() + done, 0, part);
        done += part;
    }
    return count;
}

void ForgetfulFiles::write(Node& file, uint64_t offset, std::span<const uint8_t> bytes, bool durable) {
    put(file.content, offset, bytes);
    if (!durable) return;
    // What a shrinking cut off before must not come back beside them.
    if (file.shrunk_to < file.durable.size) cut_off(file.durable, file.shrunk_to);
    file.shrunk_to = UINT64_MAX;
    put(file.durable, offset, bytes);
    file.durable.size = std::max(file.durable.size, std::min(file.content.size, offset + bytes.size()));
}

void ForgetfulFiles::resize(Node& file, uint64_t size) {
    if (size < file.content.size) file.shrunk_to = std::min(file.shrunk_to, size);
    cut_off(file.content, size);
}

void ForgetfulFiles::sync(Node& node) {
    node.durable_names = node.names;
    node.durable = node.content;
    node.shrunk_to = UINT64_MAX;
}

// --- power --------------------------------------------------------------------------------------------

struct ForgetfulFiles::Loss {
    Keep keep;
    Prng random;
    std::set<const Node*> settled;  // a file may have two names
    bool keeps() {
        if (keep == Keep::some) return random.below(2) == 0;
        return keep == Keep::all;
    }
};

void ForgetfulFiles::lose_power(uint64_t draw) {
    Loss loss{static_cast<Keep>(mix64(draw) % 3), Prng(draw), {}};
    settle(*root_, loss);
}

void ForgetfulFiles::settle(Node& node, Loss& loss) {
    if (!loss.settled.insert(&node).second) return;
    if (!node.folder) return settle_file(node, loss);
    if (!loss.keeps()) node.names = node.durable_names;
    node.durable_names = node.names;
    for (const auto& [name, child] : node.names) settle(*child, loss);
}

void ForgetfulFiles::settle_file(Node& file, Loss& loss) {
    Content left = file.durable;
    if (loss.keeps()) left.size = file.content.size;
    std::set<uint64_t> numbers;
    for (const auto& [number, block] : file.content.blocks) numbers.insert(number);
    for (const auto& [number, block] : left.blocks) numbers.insert(number);
    for (const uint64_t number : numbers) {
        const BlockPtr now = block_at(file.content, number);
        if (now == block_at(left, number)) continue;
        for (size_t from = 0; from < block_bytes; from += sector_bytes) {
            if (!loss.keeps()) continue;
            left.blocks[number] = changed(block_at(left, number), from, from + sector_bytes,
                                          now ? now->data() + from : nullptr);
        }
    }
    cut_off(left, left.size);
    file.content = left;
    file.durable = std::move(left);
    file.shrunk_to = UINT64_MAX;
}

}  // namespace quern::harness::chaos
