// What a balancer needs to know of a Response that it passes on, read from the head without decoding
// the answer itself.
#pragma once

#include "system/wire/client_messages.h"

namespace quern::wire {

struct ResponseSummary {
    Error error;  // code ok: the request was applied, or read
    NodeId leader;
};

// `head` is verified first; protocol_error if it is no Response.
Result<ResponseSummary> summarise_response(const Buffer& head);

}  // namespace quern::wire
