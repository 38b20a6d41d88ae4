// Where tests find the checkout they were built from.
#pragma once

namespace quern::tests {

// The root of the checkout: an absolute path without a slash at its end.
const char* source_folder();

}  // namespace quern::tests
