// Where a node's words go: os writes them through spdlog, the simulator into its trace. One line a
// call. Text from outside (names, headers, bodies) must pass through printable() first.
#pragma once

#include <string>
#include <string_view>

namespace quern {

enum class LogLevel : unsigned char { debug, info, warning, error };

class Log {
public:
    virtual ~Log() = default;
    virtual bool enabled(LogLevel level) const = 0;
    // `room` is the writer ("raft", "wal"); `text` one sentence without a line break.
    virtual void write(LogLevel level, std::string_view room, std::string_view text) = 0;
};

// `text` with every byte that is not printable ASCII written as \xHH, cut after `bytes_max`.
std::string printable(std::string_view text, size_t bytes_max = 200);

}  // namespace quern
