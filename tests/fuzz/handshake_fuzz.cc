// Messages before authentication: what a stranger may send. The first byte is the frame's kind.
#include <cstdlib>

#include "system/wire/handshake.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace quern;
    using namespace quern::wire;
    if (size == 0) return 0;
    Frame frame;
    frame.kind = static_cast<FrameKind>(data[0]);
    frame.body = Buffer::copy_of(ByteSpan(data + 1, size - 1));
    frame.head_bytes = static_cast<uint32_t>(frame.body.size());
    if (const auto hello = decode_hello(frame)) {
        if (hello->version_min > hello->version_max) std::abort();
        (void)encode(*hello);
    }
    if (const auto reply = decode_hello_reply(frame)) (void)encode(*reply);
    if (const auto proof = decode_authenticate(frame)) (void)encode(*proof);
    if (const auto welcome = decode_authenticate_reply(frame)) (void)encode(*welcome);
    if (const auto reason = decode_goodbye(frame)) (void)encode_goodbye(*reason);
    return 0;
}
