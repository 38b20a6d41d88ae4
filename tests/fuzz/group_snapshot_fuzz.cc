// Group snapshots come from disks and peers. Whatever is restored must hold its invariants, encode to the
// same bytes again, and go on working.
#include <cstdlib>
#include <string>

#include "system/queue/group_state.h"

namespace {

using namespace quern;
using namespace quern::queue;

std::string encoded(const GroupState& group) {
    std::string bytes;
    const auto frozen = group.freeze();
    for (Buffer c = frozen->next_chunk(1000); !c.empty(); c = frozen->next_chunk(1000)) {
        bytes += c.text();
    }
    return bytes;
}

}  // namespace

// The first byte tells where the rest is cut into two chunks.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size == 0) return 0;
    const ByteSpan bytes(data + 1, size - 1);
    const size_t cut = bytes.size() * data[0] / 256;
    Result<GroupState> group = GroupState::restore(
        {Buffer::copy_of(bytes.subspan(0, cut)), Buffer::copy_of(bytes.subspan(cut))});
    if (!group) return 0;
    group->check_invariants();
    if (encoded(*group) != as_text(bytes)) std::abort();
    if (group->index().value > UINT64_MAX / 2) return 0;
    group->begin_entry(group->index().next(), ClusterTime{group->time().ms + 60'000});
    for (const QueueId queue : group->queues()) {
        Command receive;
        receive.queue = queue;
        receive.record_version = group->record_version(queue);
        receive.operation = Receive{};
        (void)group->apply(receive, data);
    }
    group->check_invariants();
    return 0;
}
