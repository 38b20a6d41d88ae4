#pragma once

namespace quern::cli {

constexpr const char* version = "0.1.0";

}  // namespace quern::cli
