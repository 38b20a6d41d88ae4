// Log through spdlog, to stderr or a file.
#pragma once

#include <memory>
#include <string>

#include "system/base/log.h"
#include "system/base/result.h"

namespace quern::os {

// `file` empty: stderr. Lines: time in UTC, level, room, text.
Result<std::unique_ptr<Log>> make_log(LogLevel level, const std::string& file);

}  // namespace quern::os
