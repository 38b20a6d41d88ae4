// Receipts and message ids come from clients. Whatever opens must be exactly what sealing gives.
#include <cstdlib>

#include "system/queue/receipt.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace quern;
    using namespace quern::queue;
    static const Key key = derive_key(as_bytes("fuzz"), "receipts");
    const ByteSpan bytes(data, size);

    const Result<Receipt> opened = open_receipt(key, bytes);
    if (opened) {
        const auto sealed = seal_receipt(key, *opened);
        if (!equal_constant_time(sealed, bytes)) std::abort();
    }
    const auto raw = receipt_from_text(as_text(bytes));
    if (raw && receipt_to_text(*raw) != as_text(bytes)) std::abort();
    const Result<MessageId> id = message_id_from_text(as_text(bytes));
    if (id && message_id_to_text(*id) != as_text(bytes)) std::abort();
    return 0;
}
