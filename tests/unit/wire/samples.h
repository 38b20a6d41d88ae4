// Random values of every message, for round trips and damage: all drawn from one Prng, so that a seed
// names a value.
#pragma once

#include <string>
#include <vector>

#include "system/base/prng.h"
#include "system/wire/client_messages.h"
#include "system/wire/command_codec.h"
#include "system/wire/peer_messages.h"

namespace quern::wire::samples {

// Holds the bytes that spans of a sample refer to.
using Arena = std::vector<Buffer>;

inline std::string text(Prng& prng, size_t bytes_max = 12) {
    std::string result(prng.below(bytes_max + 1), '\0');
    for (char& c : result) c = static_cast<char>(prng.below(256));
    return result;
}
inline Buffer bytes(Prng& prng, size_t bytes_max = 40) { return Buffer::copy_of(text(prng, bytes_max)); }
inline int64_t signed_number(Prng& prng) { return static_cast<int64_t>(prng.next()); }
inline uint32_t number32(Prng& prng) { return static_cast<uint32_t>(prng.next()); }
inline ErrorCode code(Prng& prng) {
    constexpr ErrorCode codes[] = {ErrorCode::ok, ErrorCode::queue_full, ErrorCode::receipt_stale,
                                   ErrorCode::not_leader, ErrorCode::protocol_error};
    return codes[prng.below(std::size(codes))];
}
inline Error error(Prng& prng) {
    Error result(ErrorCode::queue_full, text(prng), signed_number(prng), signed_number(prng));
    result.outcome = static_cast<Outcome>(prng.below(3));
    return result;
}
inline Uuid uuid(Prng& prng) { return {prng.next(), prng.next()}; }
inline Token token(Prng& prng) {
    return {SessionId(prng.next() | 1), prng.next(), prng.next(), ClusterTime{signed_number(prng)}};
}
inline ReceiptBytes receipt_bytes(Prng& prng) {
    ReceiptBytes result;
    for (uint8_t& byte : result) byte = static_cast<uint8_t>(prng.next());
    return result;
}
inline std::map<std::string, std::string> tags(Prng& prng) {
    std::map<std::string, std::string> result;
    for (uint64_t i = prng.below(4); i > 0; --i) result[text(prng)] = text(prng);
    return result;
}
template <typename F>
auto list(Prng& prng, F make, size_t size_max = 4) {
    std::vector<decltype(make(prng))> result;
    for (uint64_t i = prng.below(size_max + 1); i > 0; --i) result.push_back(make(prng));
    return result;
}
inline std::vector<NodeId> nodes(Prng& prng) {
    std::vector<NodeId> result;
    uint32_t last = 0;
    for (uint64_t i = prng.below(5); i > 0; --i) {
        last += static_cast<uint32_t>(1 + prng.below(100));
        result.emplace_back(last);
    }
    return result;
}

// --- records (sample_records.cc) --------------------------------------------------------------------
QueueAttributes attributes(Prng& prng);
metadata::Grant grant(Prng& prng);
metadata::AccessKey key(Prng& prng);
metadata::QueueRecord queue_record(Prng& prng);
metadata::UserRecord user_record(Prng& prng);
metadata::NodeRecord node_record(Prng& prng);
metadata::GroupRecord group_record(Prng& prng);

// --- messages (sample_client.cc, sample_peer.cc) ----------------------------------------------------
constexpr size_t operation_count = std::variant_size_v<Operation>;
Request request(Prng& prng, size_t alternative, Arena& arena);
constexpr size_t response_count = std::variant_size_v<ResponseBody>;
Response response(Prng& prng, size_t alternative);
std::vector<queue::Command> commands(Prng& prng, size_t count, Arena& arena);
constexpr size_t metadata_command_count =
    std::variant_size_v<decltype(metadata::Command::operation)>;
metadata::Command metadata_command(Prng& prng, size_t alternative);
std::vector<RaftMessage> raft_messages(Prng& prng, size_t count);
constexpr size_t query_count = std::variant_size_v<Query>;
Query query(Prng& prng, size_t alternative);
constexpr size_t answer_count = std::variant_size_v<decltype(QueryReply::answer)>;
QueryReply query_reply(Prng& prng, size_t alternative);

// A frame as its receiver sees it.
Frame frame_of(FrameKind kind, const Encoded& encoded);
std::string flat(const BufferChain& chain);
// Head and attachments, one after another.
std::string flat(const Encoded& encoded);

}  // namespace quern::wire::samples
