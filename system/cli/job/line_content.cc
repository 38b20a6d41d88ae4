#include "system/cli/job/line_content.h"

#include "system/base/checksum.h"

namespace quern::cli {

namespace {

constexpr size_t number_bytes = sizeof(uint64_t);

}  // namespace

client::OutgoingMessage line_message(uint64_t line, std::string_view body) {
    MutableBuffer content(body.size() + number_bytes);
    if (!body.empty()) std::memcpy(content.data(), body.data(), body.size());
    std::memcpy(content.data() + body.size(), &line, number_bytes);
    client::OutgoingMessage message;
    message.content = std::move(content).freeze();
    message.body_bytes = static_cast<uint32_t>(body.size());
    return message;
}

std::optional<uint64_t> line_number(const wire::ReceivedMessage& message) {
    if (message.content.size() != message.body_bytes + number_bytes) return std::nullopt;
    uint64_t line = 0;
    std::memcpy(&line, message.content.data() + message.body_bytes, number_bytes);
    return line;
}

uint64_t body_hash(std::string_view body) { return hash64(as_bytes(body)); }

}  // namespace quern::cli
