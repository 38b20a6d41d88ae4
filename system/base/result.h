// Result<T>: a value or an Error. No exception crosses a room.
#pragma once

#include <tl/expected.hpp>

#include "system/base/error.h"

namespace quern {

template <typename T>
using Result = tl::expected<T, Error>;
using Failure = tl::unexpected<Error>;

inline Failure fail(ErrorCode code) { return Failure(Error(code)); }
inline Failure fail(ErrorCode code, std::string detail) {
    return Failure(Error(code, std::move(detail)));
}
inline Failure fail(Error error) { return Failure(std::move(error)); }

}  // namespace quern
