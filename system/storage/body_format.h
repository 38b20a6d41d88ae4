// Byte layout of body segments. Tables: docs/formats/bodies.md.
//
//     header (64 bytes), then records: record header (32 bytes), body, zeros to a multiple of 16;
//     a sealed segment ends with a footer: one 24-byte line a record, and a trailer of 32 bytes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "system/base/body_ref.h"
#include "system/base/buffer.h"

namespace quern::storage {

constexpr size_t body_header_bytes = 64;
constexpr size_t body_record_header_bytes = 32;
constexpr size_t body_trailer_bytes = 32;
constexpr size_t body_line_bytes = 24;
constexpr uint64_t body_align_bytes = 16;

constexpr const char* body_folder = "bodies";
std::string body_path(GroupId group, uint64_t number);
// False if it is no name of a body segment.
bool parse_body_name(const std::string& file_name, GroupId& group, uint64_t& number);

struct BodySegmentId {
    Uuid node_uuid;
    Uuid incarnation;
    GroupId group;
    uint64_t number = 0;
};
// Stands in every record, so that a misdirected or foreign record is none.
uint32_t body_tag(const BodySegmentId& id);

Buffer encode_body_header(const BodySegmentId& id);
bool body_header_matches(ByteSpan bytes, const BodySegmentId& id);

Buffer encode_body_record_header(uint32_t tag, const BodyRef& body, ByteSpan bytes);
uint64_t body_record_bytes(uint32_t size_bytes);
// The body in a record (header first), checked; nothing if it is another or damaged.
std::optional<Buffer> decode_body_record(const Buffer& record, uint32_t tag, const BodyRef& body);

struct BodyLine {
    BodyRef body;
    uint32_t unit = 0;  // file offset of the record / body_align_bytes
};
Buffer encode_body_footer(uint32_t tag, uint64_t offset_bytes, const std::vector<BodyLine>& lines);
// Where the footer starts, if `trailer` is the good trailer of a file of `file_bytes`.
struct BodyFooterPlace {
    uint64_t offset_bytes = 0;
    uint64_t count = 0;
};
std::optional<BodyFooterPlace> decode_body_trailer(ByteSpan trailer, uint32_t tag,
                                                   uint64_t file_bytes);
// `footer`: lines and trailer.
std::optional<std::vector<BodyLine>> decode_body_footer(ByteSpan footer, uint32_t tag);

struct BodyScan {
    std::vector<BodyLine> lines;
    bool damaged =
        false;  // a record fails its checksum, or bytes that are none lie between records
};
// The records in a whole segment, for a segment without a good footer. What lies behind the last
// good record is an unfinished write.
BodyScan scan_body_segment(ByteSpan file, uint32_t tag);

}  // namespace quern::storage
