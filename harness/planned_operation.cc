#include "harness/planned_operation.h"

#include <charconv>
#include <string_view>

#include <fmt/format.h>

#include "system/base/limits.h"

namespace quern::harness {

namespace {

constexpr int64_t second_ns = 1'000'000'000;

bool about_receipts(OpKind kind) {
    return kind == OpKind::remove || kind == OpKind::change_visibility;
}

template <typename T>
bool number(std::string_view text, T& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size();
}

// "A<separator>B" into both.
template <typename A, typename B>
bool pair_of(std::string_view text, char separator, A& a, B& b) {
    const size_t at = text.find(separator);
    return at != std::string_view::npos && number(text.substr(0, at), a) &&
           number(text.substr(at + 1), b);
}

// The part before the next separator, which is taken off.
std::string_view take(std::string_view& text, char separator) {
    const size_t at = std::min(text.find(separator), text.size());
    const std::string_view part = text.substr(0, at);
    text.remove_prefix(std::min(at + 1, text.size()));
    return part;
}

bool seconds(std::string_view text, int64_t& ns) {
    const size_t dot = text.find('.');
    int64_t whole = 0;
    if (!number(text.substr(0, dot), whole) || whole < 0 || whole > 1'000'000) return false;
    ns = whole * second_ns;
    if (dot == std::string_view::npos) return true;
    std::string digits(text.substr(dot + 1));
    if (digits.empty() || digits.size() > 9) return false;
    digits.resize(9, '0');
    int64_t part = 0;
    if (!number(std::string_view(digits), part) || part < 0) return false;
    ns += part;
    return true;
}

bool body_of(std::string_view text, PlannedBody& body) {
    if (!number(take(text, ','), body.size_bytes)) return false;
    if (body.size_bytes > limits::frame_bytes_max_client) return false;
    if (text.empty()) return true;
    constexpr std::string_view delay = "delay=";
    return text.starts_with(delay) && number(text.substr(delay.size()), body.delay_ms);
}

bool receipt_of(std::string_view text, PlannedReceipt& receipt) {
    if (!pair_of(take(text, ','), '.', receipt.ordinal, receipt.part)) return false;
    while (!text.empty()) {
        std::string_view option = take(text, ',');
        const std::string_view name = take(option, '=');
        if (name == "flip") {
            if (!pair_of(option, ':', receipt.flip_byte, receipt.flip_mask)) return false;
            if (receipt.flip_byte < 0 || receipt.flip_mask == 0) return false;
        } else if (name != "visibility" || !number(option, receipt.visibility_ms)) {
            return false;
        }
    }
    return true;
}

bool set(PlannedOperation& op, std::string_view name, std::string_view value) {
    if (name == "queue") return number(value, op.queue);
    if (name == "max") return number(value, op.messages_max);
    if (name == "wait") return number(value, op.wait_ms);
    if (name == "visibility") return number(value, op.visibility_ms);
    if (name == "from") return number(value, op.from_seq);
    if (name == "like") return number(value, op.like_queue);
    if (name == "mask") return number(value, op.mask);
    if (name == "body") {
        op.bodies.emplace_back();
        return op.bodies.size() <= limits::batch_entries_max && body_of(value, op.bodies.back());
    }
    if (name == "receipt") {
        op.receipts.emplace_back();
        return op.receipts.size() <= limits::batch_entries_max &&
               receipt_of(value, op.receipts.back());
    }
    return false;
}

}  // namespace

std::string PlannedOperation::to_string() const {
    std::string text = fmt::format("c{}#{} at={}.{:09} {}", client, ordinal, at_ns / second_ns,
                                   at_ns % second_ns, op_kind_name(kind));
    if (kind != OpKind::grant && kind != OpKind::revoke) text += fmt::format(" queue={}", queue);
    if (kind == OpKind::receive) {
        text += fmt::format(" max={} wait={} visibility={}", messages_max, wait_ms, visibility_ms);
    }
    if (kind == OpKind::peek) text += fmt::format(" from={} max={}", from_seq, messages_max);
    if (kind == OpKind::set_attributes) text += fmt::format(" like={} mask={}", like_queue, mask);
    for (const PlannedBody& body : bodies) {
        text += fmt::format(" body={}", body.size_bytes);
        if (body.delay_ms >= 0) text += fmt::format(",delay={}", body.delay_ms);
    }
    for (const PlannedReceipt& receipt : receipts) {
        text += fmt::format(" receipt={}.{}", receipt.ordinal, receipt.part);
        if (receipt.flip_byte >= 0) {
            text += fmt::format(",flip={}:{}", receipt.flip_byte, receipt.flip_mask);
        }
        if (kind == OpKind::change_visibility) {
            text += fmt::format(",visibility={}", receipt.visibility_ms);
        }
    }
    return text;
}

Result<PlannedOperation> PlannedOperation::parse(const std::string& line) {
    auto bad = [](const std::string& why) { return fail(ErrorCode::invalid_argument, why); };
    PlannedOperation op;
    std::string_view rest = line;
    std::string_view who = take(rest, ' ');
    if (who.empty() || who.front() != 'c' ||
        !pair_of(who.substr(1), '#', op.client, op.ordinal) || op.client == 0) {
        return bad("an operation begins with its client and ordinal, as c2#7");
    }
    std::string_view when = take(rest, ' ');
    if (!when.starts_with("at=") || !seconds(when.substr(3), op.at_ns)) {
        return bad("at=SECONDS comes second");
    }
    const std::string_view kind = take(rest, ' ');
    for (size_t i = 0; i <= op_kind_count; ++i) {
        if (i == op_kind_count) return bad("no such kind of operation");
        op.kind = static_cast<OpKind>(i);
        if (op_kind_name(op.kind) == kind) break;
    }
    while (!rest.empty()) {
        std::string_view word = take(rest, ' ');
        if (word.empty()) continue;
        const std::string_view whole = word;
        const std::string_view name = take(word, '=');
        if (!set(op, name, word)) return bad(fmt::format("not understood: {}", whole));
    }
    if (op.kind == OpKind::send && op.bodies.empty()) return bad("a send needs a body");
    if (about_receipts(op.kind) && op.receipts.empty()) return bad("it needs a receipt");
    return op;
}

}  // namespace quern::harness
