#include "system/balancer/data_request.h"
#include "system/base/limits.h"
#include "system/metadata/validate.h"

namespace quern::balancer {

namespace {

Result<void> check_batch(size_t entries) {
    if (entries == 0) return fail(ErrorCode::batch_empty, "the batch has no entries");
    if (entries > limits::batch_entries_max) {
        return fail(Error(ErrorCode::batch_too_large, "the batch has too many entries",
                          limits::batch_entries_max, static_cast<int64_t>(entries)));
    }
    return {};
}

Result<void> check_count(uint32_t count) {
    if (count >= 1 && count <= limits::receive_entries_max) return {};
    return fail(Error(ErrorCode::invalid_argument, "the number of messages asked for is not allowed",
                      limits::receive_entries_max, count));
}

Result<void> check(const wire::SendRequest& request) {
    Result<void> batch = check_batch(request.entries.size());
    if (!batch) return batch;
    size_t bytes = 0;
    for (const queue::SendEntry& entry : request.entries) bytes += entry.content.size();
    // A batch of one is judged by the queue's limit of a message.
    if (request.entries.size() > 1 && bytes > limits::batch_bytes_max) {
        return fail(Error(ErrorCode::batch_too_large, "the batch has too many bytes",
                          limits::batch_bytes_max, static_cast<int64_t>(bytes)));
    }
    return {};
}
Result<void> check(const wire::ReceiveRequest& request) { return check_count(request.messages_max); }
Result<void> check(const wire::DeleteRequest& request) { return check_batch(request.receipts.size()); }
Result<void> check(const wire::ChangeVisibilityRequest& request) {
    return check_batch(request.entries.size());
}
Result<void> check(const wire::PeekRequest& request) { return check_count(request.messages_max); }
template <typename Other>
Result<void> check(const Other&) {
    return {};
}

}  // namespace

Result<void> check_bounds(const wire::Request& request) {
    if (!request.queue) {
        Result<void> name = metadata::validate_queue_name(request.queue_name);
        if (!name) return name;
    }
    return std::visit([](const auto& operation) { return check(operation); }, request.operation);
}

}  // namespace quern::balancer
