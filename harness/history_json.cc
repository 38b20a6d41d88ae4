// Writing: fields that have their defaults are left out.
#include "harness/history_json.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace quern::harness {

namespace {

using Json = nlohmann::ordered_json;

template <typename T>
void put(Json& out, const char* name, const T& value, const T& usual) {
    if (value != usual) out[name] = value;
}

void put_text(Json& out, const char* name, const std::string& text) {
    if (!text.empty()) out[name] = text;
}

void put_error(Json& out, const char* name, ErrorCode code) {
    if (code != ErrorCode::ok) out[name] = error_name(code);
}

std::string hash_text(uint64_t hash) { return fmt::format("{:016x}", hash); }

Json to_json(const SentMessage& m) {
    Json out = {{"hash", hash_text(m.hash)}, {"bytes", m.size_bytes}};
    put<int64_t>(out, "delay_ms", m.delay_ms, -1);
    put_text(out, "group_id", m.group_id);
    put_text(out, "dedup_id", m.dedup_id);
    put_error(out, "error", m.error);
    put<uint64_t>(out, "seq", m.seq.value, 0);
    put<int64_t>(out, "limit", m.limit, -1);
    put<int64_t>(out, "actual", m.actual, -1);
    return out;
}

Json to_json(const SeenMessage& m, bool peeked) {
    Json out = {{"seq", m.seq.value}, {"hash", hash_text(m.hash)}, {"bytes", m.size_bytes}};
    put<uint32_t>(out, "epoch", m.epoch.value, 0);
    put<uint32_t>(out, "receive_count", m.receive_count, 0);
    out["sent"] = m.sent.ms;
    put<int64_t>(out, "first_received", m.first_received.ms, 0);
    put<int64_t>(out, "leased_until", m.leased_until.ms, 0);
    if (peeked) {
        constexpr const char* names[] = {"ready", "delayed", "leased"};
        out["state"] = names[static_cast<size_t>(m.state)];
    }
    put_text(out, "group_id", m.group_id);
    put_text(out, "from_queue", m.from_queue);
    put<uint64_t>(out, "from_seq", m.from_seq.value, 0);
    return out;
}

Json to_json(const ReceiptUse& use, OpKind kind) {
    Json out = {{"queue", use.receipt.queue.value},
                {"seq", use.receipt.seq.value},
                {"epoch", use.receipt.epoch.value}};
    put(out, "genuine", use.genuine, true);
    if (kind == OpKind::change_visibility) out["visibility_ms"] = use.visibility_ms;
    put_error(out, "error", use.result);
    return out;
}

Json to_json(const QueueAttributes& a, const QueuePolicy& p) {
    Json out = {{"message_bytes_max", a.message_bytes_max},
                {"queue_messages_max", a.queue_messages_max},
                {"queue_bytes_max", a.queue_bytes_max},
                {"drop_oldest", a.overflow == Overflow::drop_oldest},
                {"visibility_ms", a.visibility_ms},
                {"delay_ms", a.delay_ms},
                {"retention_ms", a.retention_ms},
                {"receive_wait_ms", a.receive_wait_ms},
                {"leased_messages_max", a.leased_messages_max}};
    put(out, "fifo", p.fifo, false);
    put<int64_t>(out, "dedup_window_ms", p.dedup_window_ms, 0);
    put<uint32_t>(out, "receives_max", p.receives_max, 0);
    put_text(out, "dead_letter_queue", p.dead_letter_queue);
    return out;
}

Json to_json(const queue::Counters& c) {
    return {{"ready", c.ready},       {"delayed", c.delayed},   {"leased", c.leased},
            {"live_bytes", c.live_bytes}, {"sent", c.sent},     {"received", c.received},
            {"deleted", c.deleted},   {"expired", c.expired},   {"purged", c.purged},
            {"dropped", c.dropped}};
}

void put_details(Json& out, const Operation& op) {
    put<uint32_t>(out, "messages_max", op.messages_max, 0);
    put<int64_t>(out, "wait_ms", op.wait_ms, 0);
    put<int64_t>(out, "visibility_ms", op.visibility_ms, -1);
    for (const SentMessage& m : op.sent) out["sent"].push_back(to_json(m));
    for (const SeenMessage& m : op.seen) out["seen"].push_back(to_json(m, op.kind == OpKind::peek));
    for (const ReceiptUse& use : op.receipts) out["receipts"].push_back(to_json(use, op.kind));
    const bool made = op.kind == OpKind::create_queue || op.kind == OpKind::set_attributes;
    if (made || (op.kind == OpKind::status && op.ok())) {
        out["attributes"] = to_json(op.attributes, op.policy);
    }
    put<uint32_t>(out, "attribute_mask", op.attribute_mask, 0);
    if (op.kind == OpKind::status && op.ok()) out["counters"] = to_json(op.counters);
    put<uint64_t>(out, "purged", op.purged, 0);
}

std::string text_of(const Json& json) {
    return json.dump(-1, ' ', true, Json::error_handler_t::replace);
}

}  // namespace

std::string to_json_line(const Operation& op) {
    Json out = {{"type", "op"}, {"client", op.client}, {"ordinal", op.ordinal},
                {"kind", op_kind_name(op.kind)}};
    put_text(out, "queue", op.queue);
    put_text(out, "user", op.user);
    put_text(out, "subject", op.subject);
    out["invoked_ns"] = op.invoked_ns;
    put(out, "returned_ns", op.returned_ns, never_ns);
    put(out, "deadline_ns", op.deadline_ns, never_ns);
    out["outcome"] = op_outcome_name(op.returned() ? op.outcome : OpOutcome::info);
    put_error(out, "error", op.error);
    put_text(out, "detail", op.detail);
    if (op.at.index || op.at.queue || op.at.group) {
        out["at"] = {{"queue", op.at.queue.value}, {"group", op.at.group.value},
                     {"index", op.at.index.value}, {"time", op.at.time.ms}};
    }
    put(out, "draining", op.draining, false);
    put_details(out, op);
    return text_of(out);
}

std::string to_json_lines(const HistoryFile& file) {
    Json head = {{"type", "history"}, {"version", 1}};
    put<int64_t>(head, "started_wall_ms", file.options.started_wall_ms, 0);
    head["clock_slack_ms"] = file.options.clock_slack_ms;
    put<int64_t>(head, "revocation_ms", file.options.revocation_ms, 0);
    put(head, "damage", file.options.damage, false);
    put<int64_t>(head, "prompt_ms", file.options.prompt_ms, 0);
    put<int64_t>(head, "drain_ms", file.options.drain_ms, 0);
    std::string text = text_of(head) + "\n";
    for (const Phase& phase : file.history.phases) {
        Json line = {{"type", "phase"}, {"name", phase.name}, {"from_ns", phase.from_ns},
                     {"until_ns", phase.until_ns}};
        put_text(line, "subject", phase.subject);
        text += text_of(line) + "\n";
    }
    for (const Operation& op : file.history.operations) text += to_json_line(op) + "\n";
    const Json end = {{"type", "end"}, {"ended_ns", file.history.ended_ns},
                      {"drained", file.history.drained}};
    return text + text_of(end) + "\n";
}

}  // namespace quern::harness
