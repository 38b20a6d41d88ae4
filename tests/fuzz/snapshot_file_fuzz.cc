// Snapshot files as a disk may give them back: a good file, edited (edits.h). Reading ends, in chunks that
// are not larger than the file or in an error.
#include <cstdlib>

#include "system/base/checksum.h"
#include "system/storage/bytes.h"
#include "system/storage/snapshot_file.h"
#include "system/storage/snapshot_format.h"
#include "tests/fuzz/edits.h"
#include "tests/unit/storage/mem_world.h"

namespace {

using namespace quern;
using namespace quern::storage;

constexpr GroupId group{1};
constexpr LogIndex snapshot_index{9};

void write_good(test::MemWorld& world, SnapshotFiles& files) {
    auto writer = files.write(group, snapshot_index);
    for (const size_t size : {size_t{10}, size_t{200}, size_t{3000}}) {
        writer->append(Buffer::copy_of(std::string(size, 's')), [](Result<void>) {});
        world.run();
    }
    writer->finish([](Result<void>) {});
    world.run();
}

// 1: cut. 2: a frame's checksum at the place. 3: as 2, with its chunk's checksum.
void mend(uint8_t command, size_t at, std::vector<uint8_t>& file) {
    if (command == 1) file.resize(at);
    if (command < 2 || command > 3) return;
    if (file.size() < snapshot_frame_bytes || at > file.size() - snapshot_frame_bytes) return;
    const uint32_t size = load_le<uint32_t>(file.data() + at + 8);
    const size_t rest = file.size() - at - snapshot_frame_bytes;
    if (command == 3 && size <= rest) {
        store_le(file.data() + at + 16,
                 crc32c(ByteSpan(file).subspan(at + snapshot_frame_bytes, size)));
    }
    store_le(file.data() + at + 4,
             crc32c(ByteSpan(file).subspan(at + 8, snapshot_frame_bytes - 8)));
}

// False after the last chunk or an error.
bool read_on(test::MemWorld& world, SnapshotReader& reader, size_t& left) {
    bool more = false;
    bool answered = false;
    reader.next([&](Result<Buffer> chunk) {
        answered = true;
        if (!chunk) return;
        if (chunk->size() > left) std::abort();
        left -= chunk->size();
        more = !chunk->empty();
    });
    world.run();
    if (!answered) std::abort();
    return more;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    test::MemWorld world;
    SnapshotFiles files(world.env, {1, 2});
    write_good(world, files);
    std::vector<uint8_t>& file = world.disk.inode(snapshot_path(group, snapshot_index)).bytes;
    fuzz::apply_edits(file, data, size, mend);
    std::unique_ptr<SnapshotReader> reader;
    files.read(group, snapshot_index, [&](Result<std::unique_ptr<SnapshotReader>> opened) {
        if (opened) reader = std::move(*opened);
    });
    world.run();
    if (!reader) return 0;
    size_t left = file.size();
    while (read_on(world, *reader, left)) {
    }
    return 0;
}
