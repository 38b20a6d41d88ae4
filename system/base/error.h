// Errors as values. Every error has a stable code; the table in error.cc gives each its name, its
// default outcome class, whether a retry may help, and the next step a person can take.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace quern {

// What is known about the effect of a request that was answered (contract.md, promise 5).
enum class Outcome : uint8_t {
    applied = 0,      // done and durable
    not_applied = 1,  // definitely not done, and never will be
    unknown = 2,      // may have happened or may yet happen; ask again with the same token
};

enum class ErrorCode : uint16_t {
    ok = 0,
    // The outside world (io).
    io_failed = 1,
    no_space = 2,
    not_found = 3,
    already_exists = 4,
    permission_denied = 5,
    address_in_use = 6,
    connection_refused = 7,
    connection_reset = 8,
    connection_closed = 9,
    cancelled = 10,
    timed_out = 11,
    corrupt = 12,
    data_foreign = 13,          // directory of another cluster or node
    data_version_unknown = 14,  // directory of another format version
    not_supported = 15,
    // Requests on queues.
    queue_does_not_exist = 100,
    queue_already_exists = 101,
    invalid_name = 102,
    invalid_attribute = 103,
    invalid_argument = 104,
    message_too_large = 105,
    batch_too_large = 106,
    batch_empty = 107,
    queue_full = 108,
    over_limit = 109,  // too many leased messages
    receipt_invalid = 110,
    receipt_stale = 111,
    insufficient_storage = 112,
    session_expired = 113,
    // Users.
    unauthenticated = 200,
    access_denied = 201,
    user_does_not_exist = 202,
    user_already_exists = 203,
    // Routing and load.
    not_leader = 300,
    stale_catalogue = 301,    // the node knows a newer catalogue than the request was authorised at
    needs_attributes = 302,   // the group lacks the queue's record, or has an older one
    unavailable = 303,        // no quorum or no leader in time, and nothing was proposed
    overloaded = 304,
    deadline_exceeded = 305,
    outcome_unknown = 306,
    shutting_down = 307,
    group_does_not_exist = 308,
    // Protocol.
    protocol_error = 400,
    protocol_version = 401,
    frame_too_large = 402,
    unsupported_operation = 403,
};

struct ErrorInfo {
    std::string_view name;  // stable, machine-readable, snake_case
    Outcome outcome;        // default; Error::outcome overrides
    bool retryable;
    std::string_view next_step;
};

const ErrorInfo& error_info(ErrorCode code);
inline std::string_view error_name(ErrorCode code) { return error_info(code).name; }
// The code with this wire number, or protocol_error for a number unknown to this version.
ErrorCode error_code_from(uint16_t number);

struct [[nodiscard]] Error {
    ErrorCode code = ErrorCode::ok;
    std::string detail;  // one clear sentence: what, limit, actual
    Outcome outcome = Outcome::not_applied;
    int64_t limit = -1;   // -1: none
    int64_t actual = -1;  // -1: none

    Error() = default;
    explicit Error(ErrorCode c) : code(c), outcome(error_info(c).outcome) {}
    Error(ErrorCode c, std::string d) : code(c), detail(std::move(d)), outcome(error_info(c).outcome) {}
    Error(ErrorCode c, std::string d, int64_t limit_, int64_t actual_)
        : code(c), detail(std::move(d)), outcome(error_info(c).outcome), limit(limit_),
          actual(actual_) {}

    Error&& with_outcome(Outcome o) && {
        outcome = o;
        return std::move(*this);
    }
    // "name: detail (limit L, actual A); next step"
    std::string to_string() const;
};

}  // namespace quern
