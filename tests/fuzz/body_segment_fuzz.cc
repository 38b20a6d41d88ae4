// Body segments as a disk may give them back: a good segment, edited (edits.h). What a scan or the footer
// names must lie in the file.
#include <cstdlib>

#include "system/base/checksum.h"
#include "system/storage/body_format.h"
#include "system/storage/bytes.h"
#include "tests/fuzz/edits.h"

namespace {

using namespace quern;
using namespace quern::storage;

const BodySegmentId segment_id{{1, 2}, {3, 4}, GroupId(5), 6};

void append(std::vector<uint8_t>& file, ByteSpan bytes) {
    file.insert(file.end(), bytes.begin(), bytes.end());
    file.resize((file.size() + body_align_bytes - 1) / body_align_bytes * body_align_bytes);
}

std::vector<uint8_t> good_segment() {
    const uint32_t tag = body_tag(segment_id);
    std::vector<uint8_t> file;
    append(file, encode_body_header(segment_id).span());
    std::vector<BodyLine> lines;
    for (uint32_t i = 1; i <= 4; ++i) {
        const std::string body(i * 9, 'b');
        BodyRef ref;
        ref.index = LogIndex(i);
        ref.offset_bytes = i * 3;
        ref.size_bytes = static_cast<uint32_t>(body.size());
        lines.push_back({ref, static_cast<uint32_t>(file.size() / body_align_bytes)});
        append(file, encode_body_record_header(tag, ref, as_bytes(body)).span());
        append(file, as_bytes(body));
    }
    const Buffer footer = encode_body_footer(tag, file.size(), lines);
    file.insert(file.end(), footer.data(), footer.data() + footer.size());
    return file;
}

void mend(uint8_t command, size_t at, std::vector<uint8_t>& file) {
    if (command == 1) file.resize(at);
    if (command == 2) at = at / body_align_bytes * body_align_bytes;
    if (command == 3 && file.size() >= body_trailer_bytes) {
        const size_t trailer = file.size() - body_trailer_bytes;
        const uint64_t lines = load_le<uint64_t>(file.data() + trailer + 8);
        if (lines <= trailer) {
            store_le(file.data() + trailer + 24,
                     crc32c(ByteSpan(file).subspan(lines, trailer - lines)));
        }
        at = trailer;
    }
    if (command < 2 || command > 3 || file.size() < 32 || at > file.size() - 32) return;
    if (command == 2) {
        const uint32_t size = load_le<uint32_t>(file.data() + at + 20);
        if (size <= file.size() - at - 32) {
            store_le(file.data() + at + 24, crc32c(ByteSpan(file).subspan(at + 32, size)));
        }
    }
    store_le(file.data() + at + 4, crc32c(ByteSpan(file).subspan(at + 8, 24)));
}

void check_footer(const std::vector<uint8_t>& file, uint32_t tag) {
    if (file.size() < body_trailer_bytes) return;
    const ByteSpan trailer = ByteSpan(file).last(body_trailer_bytes);
    const auto place = decode_body_trailer(trailer, tag, file.size());
    if (!place) return;
    if (place->offset_bytes > file.size()) std::abort();
    const auto lines = decode_body_footer(ByteSpan(file).subspan(place->offset_bytes), tag);
    if (lines && lines->size() != place->count) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    static const std::vector<uint8_t> pristine = good_segment();
    std::vector<uint8_t> file = pristine;
    fuzz::apply_edits(file, data, size, mend);
    const uint32_t tag = body_tag(segment_id);
    (void)body_header_matches(file, segment_id);
    check_footer(file, tag);
    const Buffer whole = Buffer::copy_of(ByteSpan(file));
    for (const BodyLine& line : scan_body_segment(file, tag).lines) {
        const uint64_t at = line.unit * body_align_bytes;
        const uint64_t length = body_record_header_bytes + line.body.size_bytes;
        if (at + length > file.size()) std::abort();
        if (!decode_body_record(whole.slice(at, length), tag, line.body)) std::abort();
    }
    return 0;
}
