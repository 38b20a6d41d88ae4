#include "system/base/error.h"

#include <fmt/format.h>

namespace quern {

namespace {

constexpr Outcome no = Outcome::not_applied;
constexpr Outcome unknown = Outcome::unknown;

struct Row {
    ErrorCode code;
    ErrorInfo info;
};

// Ordered by code; error_info() searches it.
constexpr Row table[] = {
    {ErrorCode::ok, {"ok", Outcome::applied, false, ""}},
    {ErrorCode::io_failed, {"io_failed", unknown, false, "check the disk and the system log"}},
    {ErrorCode::no_space, {"no_space", no, true, "free disk space on the node"}},
    {ErrorCode::not_found, {"not_found", no, false, "check the path"}},
    {ErrorCode::already_exists, {"already_exists", no, false, "choose another path"}},
    {ErrorCode::permission_denied,
     {"permission_denied", no, false, "check owner and mode of the path"}},
    {ErrorCode::address_in_use,
     {"address_in_use", no, false, "stop the process that listens there or choose another port"}},
    {ErrorCode::connection_refused,
     {"connection_refused", no, true, "check that the cluster runs and the endpoint is right"}},
    {ErrorCode::connection_reset, {"connection_reset", unknown, true, "try again"}},
    {ErrorCode::connection_closed, {"connection_closed", unknown, true, "try again"}},
    {ErrorCode::cancelled, {"cancelled", unknown, false, ""}},
    {ErrorCode::timed_out, {"timed_out", unknown, true, "try again with the same token"}},
    {ErrorCode::corrupt,
     {"corrupt", no, false, "let the node repair itself from its peers, or replace the disk"}},
    {ErrorCode::data_foreign,
     {"data_foreign", no, false, "point the node at its own data directory"}},
    {ErrorCode::data_version_unknown,
     {"data_version_unknown", no, false, "run the version that wrote the directory"}},
    {ErrorCode::not_supported, {"not_supported", no, false, ""}},
    {ErrorCode::queue_does_not_exist,
     {"queue_does_not_exist", no, false, "create the queue, or check its name with `queue list`"}},
    {ErrorCode::queue_already_exists,
     {"queue_already_exists", no, false, "use the same attributes, or delete the queue first"}},
    {ErrorCode::invalid_name,
     {"invalid_name", no, false, "use 1 to 80 of A-Z a-z 0-9 - _ (FIFO queues end in .fifo)"}},
    {ErrorCode::invalid_attribute,
     {"invalid_attribute", no, false, "use a value within the stated range"}},
    {ErrorCode::invalid_argument, {"invalid_argument", no, false, "correct the request"}},
    {ErrorCode::message_too_large,
     {"message_too_large", no, false, "send a smaller message or raise the queue's maximum"}},
    {ErrorCode::batch_too_large, {"batch_too_large", no, false, "send fewer or smaller messages"}},
    {ErrorCode::batch_empty, {"batch_empty", no, false, "send at least one entry"}},
    {ErrorCode::queue_full,
     {"queue_full", no, true, "receive and delete messages, or raise the queue size"}},
    {ErrorCode::over_limit,
     {"over_limit", no, true, "delete what is held and no longer needed, or raise the limit"}},
    {ErrorCode::receipt_invalid,
     {"receipt_invalid", no, false, "use the receipt exactly as the receive returned it"}},
    {ErrorCode::receipt_stale,
     {"receipt_stale", no, false, "receive the message again for a new receipt"}},
    {ErrorCode::insufficient_storage,
     {"insufficient_storage", no, true, "free disk space, or delete messages"}},
    {ErrorCode::session_expired,
     {"session_expired", unknown, false, "check what was done, then start a new session"}},
    {ErrorCode::unauthenticated,
     {"unauthenticated", no, false, "check the access key and secret"}},
    {ErrorCode::access_denied,
     {"access_denied", no, false, "ask for the permission with `user grant`"}},
    {ErrorCode::user_does_not_exist,
     {"user_does_not_exist", no, false, "check the name with `user list`"}},
    {ErrorCode::user_already_exists, {"user_already_exists", no, false, "choose another name"}},
    {ErrorCode::not_leader, {"not_leader", no, true, "ask the leader"}},
    {ErrorCode::stale_catalogue, {"stale_catalogue", no, true, "refresh the catalogue"}},
    {ErrorCode::needs_attributes, {"needs_attributes", no, true, "send the queue's record"}},
    {ErrorCode::unavailable,
     {"unavailable", no, true, "wait for a majority of the group's nodes"}},
    {ErrorCode::overloaded, {"overloaded", no, true, "slow down and try again"}},
    {ErrorCode::deadline_exceeded, {"deadline_exceeded", no, true, "try again"}},
    {ErrorCode::outcome_unknown,
     {"outcome_unknown", unknown, true, "try again with the same token"}},
    {ErrorCode::shutting_down, {"shutting_down", no, true, "use another endpoint"}},
    {ErrorCode::group_does_not_exist,
     {"group_does_not_exist", no, true, "refresh the catalogue"}},
    {ErrorCode::protocol_error,
     {"protocol_error", no, false, "check that both ends speak Quern's native protocol"}},
    {ErrorCode::protocol_version,
     {"protocol_version", no, false, "use a client of a matching version"}},
    {ErrorCode::frame_too_large, {"frame_too_large", no, false, "send less in one request"}},
    {ErrorCode::unsupported_operation,
     {"unsupported_operation", no, false, "use a newer server, or another operation"}},
};

}  // namespace

const ErrorInfo& error_info(ErrorCode code) {
    for (const Row& row : table) {
        if (row.code == code) return row.info;
    }
    return error_info(ErrorCode::protocol_error);
}

ErrorCode error_code_from(uint16_t number) {
    for (const Row& row : table) {
        if (static_cast<uint16_t>(row.code) == number) return row.code;
    }
    return ErrorCode::protocol_error;
}

std::string Error::to_string() const {
    const ErrorInfo& info = error_info(code);
    std::string text(info.name);
    if (!detail.empty()) text += ": " + detail;
    if (limit >= 0 && actual >= 0) text += fmt::format(" (limit {}, actual {})", limit, actual);
    if (!info.next_step.empty()) text += fmt::format("; {}", info.next_step);
    return text;
}

}  // namespace quern
