#include <algorithm>

#include "system/base/checksum.h"
#include "system/base/planted_bug.h"
#include "system/wire/frame.h"
#include "system/wire/frame_layout.h"

namespace quern::wire {

namespace {

bool known_kind(uint16_t kind) {
    const auto first = [](FrameKind k) { return static_cast<uint16_t>(k); };
    return (kind >= first(FrameKind::hello) && kind <= first(FrameKind::goodbye)) ||
           kind == first(FrameKind::request) || kind == first(FrameKind::response) ||
           (kind >= first(FrameKind::raft) && kind <= first(FrameKind::relay_failed));
}

constexpr std::string_view http_hint =
    "this port speaks Quern's native protocol; the bytes look like HTTP, which has a port of its own";

bool begins_like_http(std::string_view start) {
    constexpr std::string_view methods[] = {"GET ", "POST", "PUT ", "HEAD", "DELE",
                                            "OPTI", "PATC", "CONN", "TRAC", "PRI "};
    return std::find(std::begin(methods), std::end(methods), start.substr(0, 4)) != std::end(methods);
}

// What a stream that does not begin with our magic seems to speak.
std::string describe_stranger(std::string_view start) {
    const std::string ours = "this port speaks Quern's native protocol";
    if (begins_like_http(start)) return std::string(http_hint);
    if (start.size() >= 2 && start[0] == '\x16' && start[1] == '\x03') {
        return ours + "; the bytes look like a TLS handshake, and TLS is not on here";
    }
    return ours + "; the bytes do not";
}

Result<void> check_magic(const uint8_t* bytes) {
    if (load<uint32_t>(bytes + frame_offset::magic) == frame_magic) return {};
    return fail(ErrorCode::protocol_error,
                describe_stranger({reinterpret_cast<const char*>(bytes), 4}));
}

}  // namespace

// The size of the whole frame with padding, or 0 if its header is not complete yet.
Result<size_t> FrameDecoder::check_header(const uint8_t* bytes, size_t available) const {
    if (available >= sizeof(frame_magic)) {
        if (auto magic = check_magic(bytes); !magic) return fail(std::move(magic.error()));
    }
    if (available < frame_header_bytes) return size_t{0};
    if (load<uint32_t>(bytes + frame_offset::header_checksum) !=
        crc32c({bytes, frame_offset::header_checksum})) {
        return fail(ErrorCode::protocol_error, "a frame's header does not match its checksum");
    }
    if (!known_kind(load<uint16_t>(bytes + frame_offset::kind)) ||
        load<uint16_t>(bytes + frame_offset::flags) != 0) {
        return fail(ErrorCode::protocol_error, "a frame is of an unknown kind");
    }
    const size_t body_bytes = load<uint32_t>(bytes + frame_offset::body_bytes);
    if (body_bytes > body_bytes_max_) {
        return fail(Error(ErrorCode::frame_too_large, "a frame's body is too long",
                          static_cast<int64_t>(body_bytes_max_), static_cast<int64_t>(body_bytes)));
    }
    if (load<uint32_t>(bytes + frame_offset::head_bytes) > body_bytes) {
        return fail(ErrorCode::protocol_error, "a frame's head is longer than its body");
    }
    return frame_header_bytes + padded_bytes(body_bytes);
}

FrameDecoder::Scan FrameDecoder::scan() const {
    // MutableBuffer gives no const access; the bytes are not changed.
    const uint8_t* bytes = const_cast<MutableBuffer&>(chunk_).data();
    Scan result;
    while (result.complete_bytes < filled_) {
        const uint8_t* frame = bytes + result.complete_bytes;
        const size_t available = filled_ - result.complete_bytes;
        Result<size_t> size = check_header(frame, available);
        if (!size) {
            result.damage = fail(std::move(size.error()));
            return result;
        }
        if (*size == 0 || *size > available) {
            result.next_bytes = *size;
            return result;
        }
        const size_t body_bytes = load<uint32_t>(frame + frame_offset::body_bytes);
        const uint8_t* body = frame + frame_header_bytes;
        const bool zeros = std::all_of(body + body_bytes, frame + *size,
                                       [](uint8_t byte) { return byte == 0; });
        const bool good =
            zeros && crc32c({body, body_bytes}) == load<uint32_t>(frame + frame_offset::body_checksum);
        if (!good && !PLANTED(frame_checksum_ignored)) {
            result.damage = fail(ErrorCode::protocol_error,
                                 "a frame's body does not match its checksum");
            return result;
        }
        result.complete_bytes += *size;
    }
    return result;
}

// Frames may be kept for long, and keep their buffer: so they share the chunk only if they fill a good
// part of it; else they are copied out (a few kilobytes) and the chunk is used again.
void FrameDecoder::cut_frames(size_t complete_bytes, size_t next_bytes, std::vector<Frame>& frames) {
    const size_t rest = filled_ - complete_bytes;
    QUERN_ASSERT(rest < std::max(next_bytes, frame_header_bytes));
    Buffer cut;
    if (complete_bytes >= chunk_.size() / 4) {
        MutableBuffer full = std::move(chunk_);
        chunk_ = {};
        filled_ = 0;
        if (rest > 0) {
            make_room(next_bytes);
            std::memcpy(chunk_.data(), full.data() + complete_bytes, rest);
        }
        cut = std::move(full).freeze(complete_bytes);
    } else {
        cut = Buffer::copy_of({chunk_.data(), complete_bytes});
        std::memmove(chunk_.data(), chunk_.data() + complete_bytes, rest);
    }
    filled_ = rest;
    for (size_t at = 0; at < cut.size();) {
        const uint8_t* header = cut.data() + at;
        const size_t body_bytes = load<uint32_t>(header + frame_offset::body_bytes);
        Frame frame;
        frame.kind = static_cast<FrameKind>(load<uint16_t>(header + frame_offset::kind));
        frame.request_id = load<uint64_t>(header + frame_offset::request_id);
        frame.head_bytes = load<uint32_t>(header + frame_offset::head_bytes);
        frame.body = cut.slice(at + frame_header_bytes, body_bytes);
        frames.push_back(std::move(frame));
        at += frame_header_bytes + padded_bytes(body_bytes);
    }
}

// Makes chunk_ large enough for the frame of `next_bytes` (0: not known) that it begins with.
void FrameDecoder::make_room(size_t next_bytes) {
    const size_t frame_bytes_max = frame_header_bytes + padded_bytes(body_bytes_max_);
    const size_t wanted = std::max(next_bytes, std::min(chunk_bytes, frame_bytes_max));
    if (chunk_.size() >= std::max(next_bytes, filled_ + 1)) return;
    MutableBuffer larger(wanted);
    if (filled_ > 0) std::memcpy(larger.data(), chunk_.data(), filled_);
    chunk_ = std::move(larger);
}

std::span<uint8_t> FrameDecoder::space() {
    make_room(0);
    return chunk_.span().subspan(filled_);
}

Result<void> FrameDecoder::consumed(size_t size, std::vector<Frame>& frames) {
    QUERN_ASSERT(size <= chunk_.size() - filled_);
    filled_ += size;
    Scan found = scan();
    framed_ = framed_ || found.complete_bytes > 0;
    http_peer_ = !found.damage && !framed_ && begins_like_http(as_text(chunk_.span().first(filled_)));
    if (!found.damage) filled_ = found.complete_bytes;
    if (found.complete_bytes > 0) cut_frames(found.complete_bytes, found.next_bytes, frames);
    if (!found.damage) return std::move(found.damage);
    if (filled_ > 0) make_room(found.next_bytes);
    return {};
}

Buffer FrameDecoder::farewell() const {
    if (!http_peer_) return {};
    std::string text = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n";
    text += http_hint;
    text += ".\n";
    return Buffer::copy_of(text);
}

}  // namespace quern::wire
