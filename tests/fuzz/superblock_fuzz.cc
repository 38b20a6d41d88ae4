// The superblock file as a disk may give it back. What is picked must be what writing it gives.
#include <cstdlib>

#include "system/storage/superblock.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace quern;
    using namespace quern::storage;
    const Result<PickedSuperblock> picked = pick_superblock({data, size});
    if (!picked) return 0;
    const Result<PickedSuperblock> again = pick_superblock(encode_superblock(*picked).span());
    if (!again || again->sequence != picked->sequence ||
        again->superblock.node_uuid != picked->superblock.node_uuid) {
        std::abort();
    }
    return 0;
}
