#include "system/metadata/validate.h"

#include "system/base/assert.h"

namespace quern::metadata {

namespace {

constexpr int64_t day_ms = 24LL * 3600 * 1000;
// "Uncapped", but far from where adding it to a cluster time would overflow.
constexpr int64_t delay_ms_max = 100 * 365 * day_ms;

enum Bit : uint32_t {
    message_bytes_max_bit = 1u << 0,
    queue_messages_max_bit = 1u << 1,
    queue_bytes_max_bit = 1u << 2,
    overflow_bit = 1u << 3,
    visibility_ms_bit = 1u << 4,
    delay_ms_bit = 1u << 5,
    retention_ms_bit = 1u << 6,
    receive_wait_ms_bit = 1u << 7,
    leased_messages_max_bit = 1u << 8,
};

// An unknown value stays recognisably invalid instead of being cut to eight bits.
Overflow overflow_from(uint64_t value) {
    return value <= 1 ? static_cast<Overflow>(value) : static_cast<Overflow>(0xff);
}

}  // namespace

const std::vector<AttributeInfo>& attribute_table() {
    static const std::vector<AttributeInfo> table = {
        {"message_bytes_max", message_bytes_max_bit,
         static_cast<int64_t>(limits::message_bytes_min_of_max),
         static_cast<int64_t>(limits::message_bytes_max)},
        {"queue_messages_max", queue_messages_max_bit, 0, INT64_MAX},
        {"queue_bytes_max", queue_bytes_max_bit, 0, INT64_MAX},
        {"overflow", overflow_bit, 0, 1},
        {"visibility_ms", visibility_ms_bit, 0, day_ms / 2},
        {"delay_ms", delay_ms_bit, 0, delay_ms_max},
        {"retention_ms", retention_ms_bit, 60'000, 14 * day_ms},
        {"receive_wait_ms", receive_wait_ms_bit, 0, 20'000},
        {"leased_messages_max", leased_messages_max_bit, 1, 1'000'000'000},
    };
    return table;
}

uint32_t attribute_mask_all() {
    uint32_t mask = 0;
    for (const AttributeInfo& info : attribute_table())
        mask |= info.bit;
    return mask;
}

int64_t attribute_value(const QueueAttributes& attributes, const AttributeInfo& info) {
    switch (info.bit) {
        case message_bytes_max_bit:
            return static_cast<int64_t>(attributes.message_bytes_max);
        case queue_messages_max_bit:
            return static_cast<int64_t>(attributes.queue_messages_max);
        case queue_bytes_max_bit:
            return static_cast<int64_t>(attributes.queue_bytes_max);
        case overflow_bit:
            return static_cast<int64_t>(attributes.overflow);
        case visibility_ms_bit:
            return attributes.visibility_ms;
        case delay_ms_bit:
            return attributes.delay_ms;
        case retention_ms_bit:
            return attributes.retention_ms;
        case receive_wait_ms_bit:
            return attributes.receive_wait_ms;
        case leased_messages_max_bit:
            return static_cast<int64_t>(attributes.leased_messages_max);
        default:
            QUERN_UNREACHABLE();
    }
}

void set_attribute_value(QueueAttributes& attributes, const AttributeInfo& info, int64_t value) {
    const auto count = static_cast<uint64_t>(value);
    switch (info.bit) {
        case message_bytes_max_bit:
            attributes.message_bytes_max = count;
            return;
        case queue_messages_max_bit:
            attributes.queue_messages_max = count;
            return;
        case queue_bytes_max_bit:
            attributes.queue_bytes_max = count;
            return;
        case overflow_bit:
            attributes.overflow = overflow_from(count);
            return;
        case visibility_ms_bit:
            attributes.visibility_ms = value;
            return;
        case delay_ms_bit:
            attributes.delay_ms = value;
            return;
        case retention_ms_bit:
            attributes.retention_ms = value;
            return;
        case receive_wait_ms_bit:
            attributes.receive_wait_ms = value;
            return;
        case leased_messages_max_bit:
            attributes.leased_messages_max = count;
            return;
        default:
            QUERN_UNREACHABLE();
    }
}

Result<void> validate_attributes(const QueueAttributes& attributes) {
    for (const AttributeInfo& info : attribute_table()) {
        const int64_t actual = attribute_value(attributes, info);
        if (actual >= info.minimum && actual <= info.maximum) continue;
        const bool low = actual < info.minimum;
        return fail(Error(ErrorCode::invalid_attribute,
                          std::string(info.name) + (low ? " is too low" : " is too high"),
                          low ? info.minimum : info.maximum, actual));
    }
    return {};
}

QueueAttributes merge_attributes(const QueueAttributes& base, const QueueAttributes& changes,
                                 uint32_t mask) {
    QueueAttributes merged = base;
    for (const AttributeInfo& info : attribute_table()) {
        if ((mask & info.bit) == 0) continue;
        set_attribute_value(merged, info, attribute_value(changes, info));
    }
    return merged;
}

}  // namespace quern::metadata
