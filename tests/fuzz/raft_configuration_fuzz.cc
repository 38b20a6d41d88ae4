// Any bytes either are refused or decode to a configuration that makes sense and encodes to the same
// bytes.
#include <cstddef>
#include <cstdint>

#include "system/raft/quorum.h"
#include "system/raft/raft.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace quern;
    const ByteSpan bytes(data, size);
    Result<raft::Configuration> configuration = raft::decode_configuration(bytes);
    if (!configuration) return 0;
    QUERN_ASSERT(raft::is_valid(*configuration));
    const Buffer again = raft::encode_configuration(*configuration);
    QUERN_ASSERT(again.text() == as_text(bytes));
    return 0;
}
