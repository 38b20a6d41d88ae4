#include "system/wire/response_summary.h"

#include "system/wire/client_codec_internal.h"

namespace quern::wire {

Result<ResponseSummary> summarise_response(const Buffer& head) {
    auto root = Root<fb::Response>::read(head.span(), "QRSP");
    if (!root) return fail(std::move(root.error()));
    const fb::Response& from = **root;
    Reader reader(head.size());
    ResponseSummary summary;
    summary.error = read_error(reader, from.error());
    summary.leader = NodeId(from.leader());
    if (!reader.ok()) return reader.failure();
    return summary;
}

}  // namespace quern::wire
