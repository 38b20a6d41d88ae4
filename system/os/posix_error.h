// errno as Error.
#pragma once

#include <string>

#include "system/base/result.h"

namespace quern::os {

ErrorCode error_code_of_errno(int number);

// "what: text of errno", with the code it maps to.
Failure posix_failure(int number, const std::string& what);

}  // namespace quern::os
