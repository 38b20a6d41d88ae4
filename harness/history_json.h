// Histories as JSON lines (docs/formats/history.md), so that other programs can judge ours and we theirs.
#pragma once

#include <string>
#include <string_view>

#include "harness/checkers.h"
#include "system/base/result.h"

namespace quern::harness {

// What a reader takes at most.
constexpr size_t history_line_bytes_max = 4u << 20;
constexpr size_t history_operations_max = 20'000'000;
constexpr size_t history_parts_max = 10'000;  // messages or receipts of one operation
constexpr size_t history_text_bytes_max = 10'000;  // of a name or a detail

struct HistoryFile {
    History history;
    CheckOptions options;
};

std::string to_json_line(const Operation& operation);
// The whole file: a header, a line an operation, the end.
std::string to_json_lines(const HistoryFile& file);

// Reads line by line, without line breaks. Operations come out by invocation.
class HistoryReader {
public:
    // invalid_argument names the line and what is wrong with it.
    Result<void> line(std::string_view text);
    // There are no more lines.
    Result<HistoryFile> finish();

private:
    size_t number_ = 0;
    bool began_ = false;
    bool ended_ = false;
    HistoryFile file_;
};

Result<HistoryFile> parse_history(std::string_view text);

}  // namespace quern::harness
