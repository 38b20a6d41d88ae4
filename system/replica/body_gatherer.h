// Reads the bodies of several messages, from the cache where they are there and from disk where not.
#pragma once

#include <vector>

#include "system/storage/node_storage.h"

namespace quern::replica {

// `done` gets one result per reference, in order: inside this call if all are cached, else from the loop.
void gather_bodies(storage::NodeStorage& storage, GroupId group, const std::vector<BodyRef>& bodies,
                   Callback<void(std::vector<Result<Buffer>>)> done);

}  // namespace quern::replica
