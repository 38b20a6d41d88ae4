// Files that people write: quernd's configuration and the client file. Paths in them are not followed
// except in the file system's own folders, so an input with a slash in it is not tried.
#include <cstring>

#include "system/cli/client_file.h"
#include "system/daemon/config_file.h"
#include "tests/fuzz/memory_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace quern;
    if (size > 0 && std::memchr(data, '/', size) != nullptr) return 0;
    const fuzz::MemoryFile file(data, size);
    (void)daemon::load_config(file.path());
    if (const auto client = cli::read_client_file(file.path())) (void)cli::to_toml(*client);
    return 0;
}
