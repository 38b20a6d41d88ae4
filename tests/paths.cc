#include "tests/paths.h"

namespace quern::tests {

const char* source_folder() { return QUERN_SOURCE_DIR; }

}  // namespace quern::tests
