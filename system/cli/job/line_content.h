// A line as a message: the body is the line; its number travels in the attributes part, so that equal
// lines stay different messages.
#pragma once

#include <optional>
#include <string_view>

#include "system/client/client.h"

namespace quern::cli {

client::OutgoingMessage line_message(uint64_t line, std::string_view body);
// The number; none if the message was not made by line_message().
std::optional<uint64_t> line_number(const wire::ReceivedMessage& message);
uint64_t body_hash(std::string_view body);

}  // namespace quern::cli
