// On which queue a request with a token took effect: the judges of all groups share one, since no group knows the
// tokens of another.
#pragma once

#include <map>
#include <tuple>

#include "system/base/ids.h"

namespace quern::harness {

using TokenKey = std::tuple<UserId, SessionId, uint64_t>;
using Effects = std::map<TokenKey, QueueId>;

}  // namespace quern::harness
