// The whole logical state of a group as a value that shares pages with the live one; and its encoding,
// docs/formats/group_state.md. What is not here (heaps, schedules, lists of ready queues) follows from it.
#pragma once

#include <memory>
#include <vector>

#include "system/queue/graveyard.h"
#include "system/queue/group_state.h"
#include "system/queue/queue_state.h"
#include "system/queue/session_table.h"

namespace quern::queue {

// Changed when old readers cannot read what is written; readers for the last version are kept.
constexpr uint32_t group_state_version = 1;

struct QueueImage {
    QueueId id;
    Shared<QueueData> data;
};

struct GroupImage {
    LogIndex index;
    ClusterTime time;
    CatalogueVersion catalogue_floor;
    uint64_t rolling_hash = 0;
    ClusterTime forgotten_expires;
    std::vector<Shared<SessionData>> sessions;  // least recently used first
    std::vector<QueueImage> queues;             // by id
    std::vector<Grave> graves;                  // oldest first
};

// Beyond any time that is reached: sums with span_ms_max do not overflow.
constexpr int64_t cluster_time_ms_max = int64_t{1} << 60;

// Each item of the encoding is [kind u8][size u32][size bytes]; only whole items are valid, but they may
// lie across chunks.
enum class ItemKind : uint8_t {
    group = 1,    // first
    session = 2,  // followed by its results
    result = 3,
    queue = 4,    // followed by its pages
    page = 5,
    grave = 6,    // followed by its pages
    end = 7,      // last; counts what went before
};
constexpr size_t item_bytes_max = 64 * 1024;

std::unique_ptr<FrozenGroup> make_frozen(GroupImage image);
// corrupt if the chunks are not one whole encoding of a valid state.
Result<GroupImage> decode_image(const std::vector<Buffer>& chunks);

// nullptr if the queue's counts and masks hold together, else what does not. O(messages).
const char* violated(const QueueData& data, ClusterTime now);

}  // namespace quern::queue
