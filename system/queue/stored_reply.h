// The reply to a command with a token, in the few bytes that are kept for a repetition. Of a receive
// only message and lease epoch are kept; the rest is read from the message when it is asked again.
#pragma once

#include <optional>
#include <string>

#include "system/queue/command.h"

namespace quern::queue {

enum class OperationKind : uint8_t {
    send = 1,
    receive = 2,
    remove = 3,
    change_visibility = 4,
    purge = 5,
};

// The kinds that tokens apply to; nullopt for the others, which are idempotent by themselves.
std::optional<OperationKind> token_kind(const Command& command);

struct StoredReply {
    OperationKind kind{};
    QueueId queue;
    Reply reply;  // deliveries hold only seq and epoch
};

// A single send takes at most 15 bytes while queue and message numbers stay below 2^28, so that it fits
// into a std::string without an allocation.
std::string store_reply(OperationKind kind, QueueId queue, const Reply& reply);
// nullopt if the bytes were not made by store_reply.
std::optional<StoredReply> load_reply(std::string_view bytes);

}  // namespace quern::queue
