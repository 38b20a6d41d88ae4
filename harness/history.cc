#include "harness/history.h"

#include <fmt/format.h>

#include "system/base/log.h"

namespace quern::harness {

std::string_view op_kind_name(OpKind kind) {
    constexpr std::string_view names[] = {"send",  "receive",      "delete",       "change_visibility",
                                          "purge", "peek",         "status",       "create_queue",
                                          "delete_queue", "set_attributes", "grant", "revoke",
                                          "redrive", "change_members"};
    return names[static_cast<size_t>(kind)];
}

std::string_view op_outcome_name(OpOutcome outcome) {
    constexpr std::string_view names[] = {"ok", "fail", "info"};
    return names[static_cast<size_t>(outcome)];
}

namespace {

std::string arguments(const Operation& op) {
    std::string text;
    for (const SentMessage& m : op.sent) {
        text += fmt::format(" {:08x}:{}B", static_cast<uint32_t>(m.hash), m.size_bytes);
        if (m.delay_ms >= 0) text += fmt::format("+{}ms", m.delay_ms);
    }
    for (const ReceiptUse& r : op.receipts) {
        text += fmt::format(" {}{}/{}", r.genuine ? "" : "forged ", r.receipt.seq.value,
                            r.receipt.epoch.value);
        if (op.kind == OpKind::change_visibility) text += fmt::format("={}ms", r.visibility_ms);
    }
    if (op.kind == OpKind::receive) {
        text += fmt::format(" max={} wait={}ms", op.messages_max, op.wait_ms);
        if (op.visibility_ms >= 0) text += fmt::format(" visibility={}ms", op.visibility_ms);
    }
    if (!op.subject.empty()) text += " of " + op.subject;
    return text;
}

std::string answer(const Operation& op) {
    std::string text(op_outcome_name(op.outcome));
    if (op.error != ErrorCode::ok) text += fmt::format(" {}", error_name(op.error));
    if (!op.ok()) return op.detail.empty() ? text : text + " (" + printable(op.detail) + ")";
    for (const SentMessage& m : op.sent) {
        text += m.error == ErrorCode::ok ? fmt::format(" seq={}", m.seq.value)
                                         : fmt::format(" {}", error_name(m.error));
    }
    for (const SeenMessage& m : op.seen) {
        text += fmt::format(" {}/{} n={} {:08x} until={}", m.seq.value, m.epoch.value,
                            m.receive_count, static_cast<uint32_t>(m.hash), m.leased_until.ms);
    }
    for (const ReceiptUse& r : op.receipts) text += fmt::format(" {}", error_name(r.result));
    if (op.kind == OpKind::status) {
        const queue::Counters& c = op.counters;
        text += fmt::format(" ready={} delayed={} leased={} sent={} deleted={} expired={} purged={} "
                            "dropped={}",
                            c.ready, c.delayed, c.leased, c.sent, c.deleted, c.expired, c.purged,
                            c.dropped);
    }
    if (op.kind == OpKind::purge) text += fmt::format(" purged={}", op.purged);
    if (op.at.index) {
        text += fmt::format(" [q={} g={} ix={} T={}]", op.at.queue.value, op.at.group.value,
                            op.at.index.value, op.at.time.ms);
    }
    return text;
}

}  // namespace

std::string to_string(const Operation& op) {
    std::string text =
        fmt::format("c{}#{} {} {}{}{}", op.client, op.ordinal, op_kind_name(op.kind), op.queue,
                    arguments(op), op.user.empty() || op.user == "admin" ? "" : " by " + op.user);
    if (!op.returned()) return text + " -> (no answer)";
    return text + fmt::format(" -> {} ({} ms)", answer(op),
                              (op.returned_ns - op.invoked_ns) / 1'000'000);
}

queue::Receipt peek_receipt(ByteSpan bytes) {
    auto word = [&](size_t at, size_t size) {
        uint64_t value = 0;
        for (size_t i = 0; i < size && at + i < bytes.size(); ++i) {
            value |= static_cast<uint64_t>(bytes[at + i]) << (8 * i);
        }
        return value;
    };
    queue::Receipt receipt;
    receipt.epoch = LeaseEpoch(static_cast<uint32_t>(word(4, 4)));
    receipt.queue = QueueId(word(8, 8));
    receipt.seq = MessageSeq(word(16, 8));
    return receipt;
}

}  // namespace quern::harness
