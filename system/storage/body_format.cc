#include "system/storage/body_format.h"

#include <cstdio>

#include "system/base/checksum.h"
#include "system/storage/bytes.h"

namespace quern::storage {

namespace {

constexpr uint32_t header_magic = 0x31485751;   // "QWH1"
constexpr uint32_t record_magic = 0x31525751;   // "QWR1"
constexpr uint32_t trailer_magic = 0x31545751;  // "QWT1"

struct RecordHeader {
    BodyRef body;
    uint32_t crc = 0;
};

std::optional<RecordHeader> decode_record_header(ByteSpan bytes, uint32_t tag) {
    if (bytes.size() < body_record_header_bytes) return {};
    ByteReader in(bytes.first(body_record_header_bytes));
    if (in.u32() != record_magic) return {};
    if (in.u32() != crc32c(bytes.subspan(8, body_record_header_bytes - 8))) return {};
    RecordHeader header;
    header.body.index = LogIndex(in.u64());
    header.body.offset_bytes = in.u32();
    header.body.size_bytes = in.u32();
    header.crc = in.u32();
    if (in.u32() != tag) return {};
    return header;
}

}  // namespace

std::string body_path(GroupId group, uint64_t number) {
    char name[64];
    std::snprintf(name, sizeof name, "bodies/g%06u-%010llu.seg", group.value,
                  static_cast<unsigned long long>(number));
    return name;
}

bool parse_body_name(const std::string& name, GroupId& group, uint64_t& number) {
    unsigned g = 0;
    unsigned long long n = 0;
    if (std::sscanf(name.c_str(), "g%u-%llu.seg", &g, &n) != 2) return false;
    group = GroupId(g);
    number = n;
    return n <= 0xffffffff && body_path(group, n) == std::string(body_folder) + "/" + name;
}

uint32_t body_tag(const BodySegmentId& id) {
    return static_cast<uint32_t>(hash64(encode_body_header(id).span()));
}

Buffer encode_body_header(const BodySegmentId& id) {
    ByteWriter out;
    out.u32(header_magic);
    out.u32(0);
    out.u64(id.node_uuid.high);
    out.u64(id.node_uuid.low);
    out.u64(id.incarnation.high);
    out.u64(id.incarnation.low);
    out.u64(id.group.value);
    out.u64(id.number);
    out.pad_to(body_header_bytes);
    store_le(out.data() + 4, crc32c(out.span().subspan(8)));
    return out.take();
}

bool body_header_matches(ByteSpan bytes, const BodySegmentId& id) {
    const Buffer right = encode_body_header(id);
    return bytes.size() >= right.size() &&
           std::memcmp(bytes.data(), right.data(), right.size()) == 0;
}

Buffer encode_body_record_header(uint32_t tag, const BodyRef& body, ByteSpan bytes) {
    ByteWriter out;
    out.u32(record_magic);
    out.u32(0);
    out.u64(body.index.value);
    out.u32(body.offset_bytes);
    out.u32(body.size_bytes);
    out.u32(crc32c(bytes));
    out.u32(tag);
    QUERN_ASSERT(out.size() == body_record_header_bytes);
    store_le(out.data() + 4, crc32c(out.span().subspan(8)));
    return out.take();
}

uint64_t body_record_bytes(uint32_t size_bytes) {
    return body_record_header_bytes + round_up(size_bytes, body_align_bytes);
}

std::optional<Buffer> decode_body_record(const Buffer& record, uint32_t tag, const BodyRef& body) {
    const auto header = decode_record_header(record.span(), tag);
    if (!header || header->body != body) return {};
    if (record.size() - body_record_header_bytes < body.size_bytes) return {};
    Buffer bytes = record.slice(body_record_header_bytes, body.size_bytes);
    if (crc32c(bytes.span()) != header->crc) return {};
    return bytes;
}

Buffer encode_body_footer(uint32_t tag, uint64_t offset_bytes, const std::vector<BodyLine>& lines) {
    ByteWriter out;
    for (const BodyLine& line : lines) {
        out.u64(line.body.index.value);
        out.u32(line.body.offset_bytes);
        out.u32(line.body.size_bytes);
        out.u32(line.unit);
        out.u32(0);
    }
    const uint32_t lines_crc = crc32c(out.span());
    const size_t trailer = out.size();
    out.u32(trailer_magic);
    out.u32(0);
    out.u64(offset_bytes);
    out.u64(lines.size());
    out.u32(lines_crc);
    out.u32(tag);
    store_le(out.data() + trailer + 4, crc32c(out.span().subspan(trailer + 8)));
    return out.take();
}

std::optional<BodyFooterPlace> decode_body_trailer(ByteSpan trailer, uint32_t tag,
                                                   uint64_t file_bytes) {
    if (trailer.size() != body_trailer_bytes) return {};
    ByteReader in(trailer);
    if (in.u32() != trailer_magic || in.u32() != crc32c(trailer.subspan(8))) return {};
    BodyFooterPlace place;
    place.offset_bytes = in.u64();
    place.count = in.u64();
    in.u32();
    if (in.u32() != tag || file_bytes < body_trailer_bytes) return {};
    const uint64_t before = file_bytes - body_trailer_bytes;
    if (place.count > before / body_line_bytes ||
        place.offset_bytes != before - place.count * body_line_bytes) {
        return {};
    }
    return place;
}

std::optional<std::vector<BodyLine>> decode_body_footer(ByteSpan footer, uint32_t tag) {
    if (footer.size() < body_trailer_bytes) return {};
    const ByteSpan lines = footer.first(footer.size() - body_trailer_bytes);
    const ByteSpan trailer = footer.subspan(lines.size());
    const uint64_t offset = load_le<uint64_t>(trailer.data() + 8);
    const auto place = decode_body_trailer(trailer, tag, offset + footer.size());
    if (!place || load_le<uint32_t>(trailer.data() + 24) != crc32c(lines)) return {};
    std::vector<BodyLine> result(place->count);
    ByteReader in(lines);
    for (BodyLine& line : result) {
        line.body.index = LogIndex(in.u64());
        line.body.offset_bytes = in.u32();
        line.body.size_bytes = in.u32();
        line.unit = in.u32();
        in.u32();
    }
    return result;
}

BodyScan scan_body_segment(ByteSpan file, uint32_t tag) {
    BodyScan scan;
    bool skipped = false;
    for (uint64_t at = body_header_bytes; at + body_record_header_bytes <= file.size();) {
        const auto header = decode_record_header(file.subspan(at), tag);
        if (!header) {
            skipped = true;
            at += body_align_bytes;
            continue;
        }
        const uint64_t from = at + body_record_header_bytes;
        const bool fits = header->body.size_bytes <= file.size() - from;
        if (!fits || crc32c(file.subspan(from, header->body.size_bytes)) != header->crc) {
            skipped = true;
            at += body_align_bytes;
            continue;
        }
        scan.damaged = scan.damaged || skipped;
        skipped = false;
        scan.lines.push_back({header->body, static_cast<uint32_t>(at / body_align_bytes)});
        at += body_record_bytes(header->body.size_bytes);
    }
    return scan;
}

}  // namespace quern::storage
