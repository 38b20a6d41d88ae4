// The layout is that of docs/formats/raft.md.
#include "system/raft/quorum.h"
#include "system/raft/raft.h"

namespace quern::raft {

namespace {
constexpr uint8_t format_version = 1;
constexpr size_t header_bytes = 4;
constexpr size_t id_bytes = 4;

uint8_t* put(uint8_t* out, const std::vector<NodeId>& list) {
    for (NodeId id : list) {
        for (unsigned shift = 0; shift < 32; shift += 8) {
            *out++ = static_cast<uint8_t>(id.value >> shift);
        }
    }
    return out;
}

const uint8_t* get(const uint8_t* in, size_t count, std::vector<NodeId>& list) {
    list.reserve(count);
    for (size_t i = 0; i < count; ++i, in += id_bytes) {
        list.push_back(NodeId(static_cast<uint32_t>(in[0]) | static_cast<uint32_t>(in[1]) << 8 |
                              static_cast<uint32_t>(in[2]) << 16 |
                              static_cast<uint32_t>(in[3]) << 24));
    }
    return in;
}
}  // namespace

Buffer encode_configuration(const Configuration& configuration) {
    QUERN_ASSERT(is_valid(configuration));
    const size_t ids = configuration.voters.size() + configuration.voters_old.size() +
                       configuration.learners.size();
    MutableBuffer buffer(header_bytes + ids * id_bytes);
    uint8_t* out = buffer.data();
    *out++ = format_version;
    *out++ = static_cast<uint8_t>(configuration.voters.size());
    *out++ = static_cast<uint8_t>(configuration.voters_old.size());
    *out++ = static_cast<uint8_t>(configuration.learners.size());
    out = put(out, configuration.voters);
    out = put(out, configuration.voters_old);
    put(out, configuration.learners);
    return std::move(buffer).freeze();
}

Result<Configuration> decode_configuration(ByteSpan bytes) {
    if (bytes.size() < header_bytes) return fail(ErrorCode::corrupt, "configuration cut short");
    if (bytes[0] != format_version) {
        return fail(ErrorCode::data_version_unknown, "configuration of an unknown version");
    }
    const size_t voters = bytes[1];
    const size_t voters_old = bytes[2];
    const size_t learners = bytes[3];
    if (bytes.size() != header_bytes + (voters + voters_old + learners) * id_bytes) {
        return fail(ErrorCode::corrupt, "configuration of a wrong length");
    }
    Configuration configuration;
    const uint8_t* in = bytes.data() + header_bytes;
    in = get(in, voters, configuration.voters);
    in = get(in, voters_old, configuration.voters_old);
    get(in, learners, configuration.learners);
    if (!is_valid(configuration)) return fail(ErrorCode::corrupt, "configuration makes no sense");
    return configuration;
}

}  // namespace quern::raft
