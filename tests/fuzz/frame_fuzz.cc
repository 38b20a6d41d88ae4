// Bytes from a stream, in pieces as the input says. What comes out must encode to the bytes it came from.
#include <cstdlib>

#include "system/wire/frame.h"
#include "system/wire/handshake.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace quern;
    using namespace quern::wire;
    if (size == 0) return 0;
    const size_t piece_max = size_t{data[0]} + 1;
    ByteSpan rest(data + 1, size - 1);

    FrameDecoder decoder(4096);
    std::vector<Frame> frames;
    size_t fed = 0;
    bool damaged = false;
    while (!rest.empty() && !damaged) {
        const std::span<uint8_t> space = decoder.space();
        if (space.empty()) std::abort();
        const size_t piece = std::min({piece_max, rest.size(), space.size()});
        std::memcpy(space.data(), rest.data(), piece);
        damaged = !decoder.consumed(piece, frames);
        fed += piece;
        rest = rest.subspan(piece);
    }
    size_t at = 0;
    for (const Frame& frame : frames) {
        const Buffer again = encode_frame_body(frame.kind, frame.request_id, frame.head_bytes,
                                               frame.body)
                                 .flatten();
        if (at + again.size() > fed) std::abort();
        if (std::memcmp(again.data(), data + 1 + at, again.size()) != 0) std::abort();
        at += again.size();
        (void)decode_hello(frame);
        (void)decode_hello_reply(frame);
        (void)decode_authenticate(frame);
        (void)decode_authenticate_reply(frame);
        (void)decode_goodbye(frame);
    }
    if (!damaged && at + decoder.held_bytes() != fed) std::abort();
    return 0;
}
