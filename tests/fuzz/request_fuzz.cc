// What clients and servers say to each other: bodies whose checksum was right. What is read must survive
// being written and read again.
#include <cstdlib>

#include "system/wire/client_messages.h"
#include "system/wire/response_summary.h"

namespace {

using namespace quern;
using namespace quern::wire;

Buffer whole(const Encoded& encoded) {
    BufferChain chain(encoded.head);
    chain.append(encoded.attachments);
    return chain.flatten();
}

void fuzz_request(const Buffer& body, uint32_t head_bytes) {
    const Result<Request> request = decode_request(body, head_bytes);
    if (!request) return;
    const Encoded encoded = encode(*request);
    const Buffer again = whole(encoded);
    const auto second = decode_request(again, static_cast<uint32_t>(encoded.head.size()));
    if (!second || second->operation.index() != request->operation.index()) std::abort();
    if (whole(encode(*second)).text() != again.text()) std::abort();
}

void fuzz_response(const Buffer& body, uint32_t head_bytes) {
    const Result<Response> response = decode_response(body, head_bytes);
    if (!response) return;
    const Encoded encoded = encode(*response);
    const Buffer again = whole(encoded);
    const auto second = decode_response(again, static_cast<uint32_t>(encoded.head.size()));
    if (!second || second->error.code != response->error.code) std::abort();
    if (whole(encode(*second)).text() != again.text()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size < 2) return 0;
    // The split between head and attachments comes first.
    const uint32_t head_bytes = (uint32_t{data[0]} << 8 | data[1]) * 8;
    const Buffer body = Buffer::copy_of(ByteSpan(data + 2, size - 2));
    const auto bounded = std::min(head_bytes, static_cast<uint32_t>(body.size() + 8));
    fuzz_request(body, bounded);
    fuzz_response(body, bounded);
    return 0;
}
