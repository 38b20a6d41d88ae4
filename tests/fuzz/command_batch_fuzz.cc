// Payloads of log entries, data groups' and the metadata group's. Spans must lie in the payload; what is
// read must survive being written and read again.
#include <cstdlib>

#include "system/base/limits.h"
#include "system/wire/command_codec.h"

namespace {

using namespace quern;
using namespace quern::wire;

void check_spans(const CommandBatch& batch, const Buffer& payload) {
    for (const queue::Command& command : batch.commands) {
        const auto* send = std::get_if<queue::Send>(&command.operation);
        if (send == nullptr) continue;
        for (const queue::SendEntry& entry : send->entries) {
            if (entry.content.data() < payload.data() ||
                entry.content.data() + entry.content.size() > payload.data() + payload.size() ||
                entry.body_bytes > entry.content.size()) {
                std::abort();
            }
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const Buffer payload = Buffer::copy_of(ByteSpan(data, size));
    CommandBatch batch;
    if (decode_commands(payload, batch)) {
        check_spans(batch, payload);
        const Buffer again = encode_commands(batch.time, batch.commands);
        CommandBatch second;
        if (!decode_commands(again, second)) std::abort();
        if (encode_commands(second.time, second.commands).text() != again.text()) std::abort();
    }
    if (const auto catalogue = decode_metadata_commands(payload)) {
        const Buffer again = encode_metadata_commands(catalogue->time, catalogue->commands);
        if (!decode_metadata_commands(again)) std::abort();
    }
    return 0;
}
