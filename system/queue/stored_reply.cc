#include "system/queue/stored_reply.h"

#include "system/queue/encoding.h"

namespace quern::queue {

namespace {

// Added to the kind: what follows is an Error.
constexpr uint8_t error_flag = 0x80;
constexpr uint64_t results_max = limits::batch_entries_max;

enum Form : uint8_t { all_ok = 0, one_by_one = 1 };

void write_error(ByteWriter& out, const Error& error) {
    out.varint(static_cast<uint64_t>(error.code));
    out.u8(static_cast<uint8_t>(error.outcome));
    out.i64(error.limit);
    out.i64(error.actual);
    out.text(error.detail);
}

Error read_error(ByteReader& in) {
    Error error(error_code_from(static_cast<uint16_t>(in.varint())));
    error.outcome = static_cast<Outcome>(in.u8() % 3);
    error.limit = in.i64();
    error.actual = in.i64();
    error.detail = std::string(in.text());
    return error;
}

bool all_consecutive(const SendReply& reply) {
    if (reply.results.empty()) return false;
    uint64_t next = reply.results.front().seq.value;
    for (const SendResult& r : reply.results) {
        if (r.error != ErrorCode::ok || r.seq.value != next++) return false;
    }
    return true;
}

void write(ByteWriter& out, const SendReply& reply) {
    out.varint(reply.results.size());
    if (all_consecutive(reply)) {
        out.u8(all_ok);
        out.varint(reply.results.front().seq.value);
        return;
    }
    out.u8(one_by_one);
    for (const SendResult& r : reply.results) {
        out.varint(static_cast<uint64_t>(r.error));
        if (r.error == ErrorCode::ok) {
            out.varint(r.seq.value);
        } else {
            out.i64(r.limit);
            out.i64(r.actual);
        }
    }
}

SendReply read_send(ByteReader& in, uint64_t count) {
    SendReply reply;
    const bool consecutive = in.u8() == all_ok;
    uint64_t next = consecutive ? in.varint() : 0;
    for (uint64_t i = 0; i < count && in.ok(); ++i) {
        SendResult r;
        if (consecutive) {
            r.seq = MessageSeq{next++};
        } else {
            r.error = error_code_from(static_cast<uint16_t>(in.varint()));
            if (r.error == ErrorCode::ok) {
                r.seq = MessageSeq{in.varint()};
            } else {
                r.limit = in.i64();
                r.actual = in.i64();
            }
        }
        reply.results.push_back(r);
    }
    return reply;
}

void write(ByteWriter& out, const ReceiveReply& reply) {
    out.varint(reply.deliveries.size());
    uint64_t before = 0;
    for (const Delivery& d : reply.deliveries) {
        out.varint(d.seq.value - before);
        out.varint(d.epoch.value);
        before = d.seq.value;
    }
}

ReceiveReply read_receive(ByteReader& in, uint64_t count) {
    ReceiveReply reply;
    uint64_t before = 0;
    for (uint64_t i = 0; i < count && in.ok(); ++i) {
        Delivery d;
        d.seq = MessageSeq{before += in.varint()};
        d.epoch = LeaseEpoch{static_cast<uint32_t>(in.varint())};
        reply.deliveries.push_back(d);
    }
    return reply;
}

void write_codes(ByteWriter& out, const std::vector<ErrorCode>& codes) {
    out.varint(codes.size());
    bool ok = true;
    for (const ErrorCode code : codes) ok = ok && code == ErrorCode::ok;
    out.u8(ok ? all_ok : one_by_one);
    if (ok) return;
    for (const ErrorCode code : codes) out.varint(static_cast<uint64_t>(code));
}

std::vector<ErrorCode> read_codes(ByteReader& in, uint64_t count) {
    const bool ok = in.u8() == all_ok;
    std::vector<ErrorCode> codes;
    for (uint64_t i = 0; i < count && in.ok(); ++i) {
        codes.push_back(ok ? ErrorCode::ok : error_code_from(static_cast<uint16_t>(in.varint())));
    }
    return codes;
}

struct WriteReply {
    ByteWriter& out;
    void operator()(const SendReply& r) const { write(out, r); }
    void operator()(const ReceiveReply& r) const { write(out, r); }
    void operator()(const DeleteReply& r) const { write_codes(out, r.results); }
    void operator()(const ChangeVisibilityReply& r) const { write_codes(out, r.results); }
    void operator()(const PurgeReply& r) const { out.varint(r.purged); }
    void operator()(const Done&) const { QUERN_UNREACHABLE(); }
    void operator()(const Error& e) const { write_error(out, e); }
};

bool read_body(ByteReader& in, OperationKind kind, Reply& reply) {
    const uint64_t first = in.varint();  // the purged messages, or the number of results
    if (kind == OperationKind::purge) {
        reply.result = PurgeReply{first};
        return true;
    }
    if (first > results_max) return false;
    switch (kind) {
        case OperationKind::send: reply.result = read_send(in, first); return true;
        case OperationKind::receive: reply.result = read_receive(in, first); return true;
        case OperationKind::remove: reply.result = DeleteReply{read_codes(in, first)}; return true;
        case OperationKind::change_visibility:
            reply.result = ChangeVisibilityReply{read_codes(in, first)};
            return true;
        case OperationKind::purge: break;
    }
    return false;
}

}  // namespace

std::optional<OperationKind> token_kind(const Command& command) {
    switch (command.operation.index()) {
        case 0: return OperationKind::send;
        case 1: return OperationKind::receive;
        case 2: return OperationKind::remove;
        case 3: return OperationKind::change_visibility;
        case 4: return OperationKind::purge;
        default: return std::nullopt;
    }
}

std::string store_reply(OperationKind kind, QueueId queue, const Reply& reply) {
    std::string bytes;
    ByteWriter out(bytes);
    const bool error = std::holds_alternative<Error>(reply.result);
    out.u8(static_cast<uint8_t>(static_cast<uint8_t>(kind) | (error ? error_flag : 0)));
    out.varint(queue.value);
    std::visit(WriteReply{out}, reply.result);
    return bytes;
}

std::optional<StoredReply> load_reply(std::string_view bytes) {
    ByteReader in(as_bytes(bytes));
    StoredReply stored;
    const uint8_t first = in.u8();
    stored.kind = static_cast<OperationKind>(first & ~error_flag);
    stored.queue = QueueId{in.varint()};
    if (stored.kind < OperationKind::send || stored.kind > OperationKind::purge) return std::nullopt;
    if ((first & error_flag) != 0) {
        stored.reply.result = read_error(in);
    } else if (!read_body(in, stored.kind, stored.reply)) {
        return std::nullopt;
    }
    if (!in.at_end()) return std::nullopt;
    return stored;
}

}  // namespace quern::queue
