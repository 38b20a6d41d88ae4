// How answers and errors reach a person or a script.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "system/base/result.h"

namespace quern::cli {

// Writes the error to stderr as one sentence, or with `json` to stdout as
// {"error": {"code", "outcome", "retryable", "message", "limit", "actual"}}.
void print_error(const Error& error, bool json);
// The same for a wrong command line; code "usage".
void print_usage_error(const std::string& message, const std::string& help_command, bool json);

// Columns as wide as their longest cell; the first row is the heading.
void print_table(const std::vector<std::vector<std::string>>& rows);

// "1.5 s", "250 ms", "4 d": the largest unit that is exact enough.
std::string duration_text(int64_t milliseconds);
// "1,234,567".
std::string grouped(uint64_t number);

std::string_view outcome_name(Outcome outcome);
std::string base64(std::string_view bytes);
bool is_text(std::string_view bytes);  // UTF-8 without control characters but tab and line breaks

}  // namespace quern::cli
