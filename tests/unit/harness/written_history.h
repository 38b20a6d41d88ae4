// Histories written by hand, for checkers. Times are in milliseconds; each call returns the operation so
// that a test can bend it.
#pragma once

#include "harness/checkers.h"
#include "system/base/checksum.h"

namespace quern::harness {

class WrittenHistory {
public:
    static constexpr int64_t visibility = 1'000;

    WrittenHistory() {
        // Places in the vector must not move while tests hold references.
        history.operations.reserve(100);
        history.drained = true;
        QueueAttributes attributes;
        attributes.retention_ms = 60'000;
        Operation& created = add(OpKind::create_queue, 0, 1);
        created.attributes = attributes;
    }

    Operation& add(OpKind kind, int64_t asked_ms, int64_t answered_ms) {
        Operation op;
        op.client = 1;
        op.ordinal = static_cast<uint32_t>(history.operations.size());
        op.kind = kind;
        op.queue = "orders";
        op.invoked_ns = asked_ms * 1'000'000;
        op.returned_ns = answered_ms * 1'000'000;
        op.outcome = OpOutcome::ok;
        op.at = {QueueId(7), GroupId(1), LogIndex(++index), ClusterTime{answered_ms}};
        history.operations.push_back(std::move(op));
        history.ended_ns = answered_ms * 1'000'000;
        return history.operations.back();
    }
    Operation& send(int64_t at, const char* body, uint64_t seq) {
        Operation& op = add(OpKind::send, at, at + 1);
        SentMessage sent;
        sent.hash = hash64(as_bytes(body));
        sent.size_bytes = static_cast<uint32_t>(std::string_view(body).size());
        sent.seq = MessageSeq(seq);
        op.sent.push_back(sent);
        sent_at[seq] = op.at.time;
        return op;
    }
    // The epoch counts from 1; the lease lasts `visibility`.
    Operation& receive(int64_t at, const char* body, uint64_t seq, uint32_t epoch) {
        Operation& op = add(OpKind::receive, at, at + 1);
        op.visibility_ms = visibility;
        op.messages_max = 1;
        SeenMessage seen;
        seen.hash = hash64(as_bytes(body));
        seen.size_bytes = static_cast<uint32_t>(std::string_view(body).size());
        seen.seq = MessageSeq(seq);
        seen.epoch = LeaseEpoch(epoch);
        seen.receive_count = epoch;
        seen.sent = sent_at[seq];
        if (epoch == 1) first_at[seq] = op.at.time;
        seen.first_received = first_at[seq];
        seen.leased_until = op.at.time.plus_ms(visibility);
        op.seen.push_back(seen);
        return op;
    }
    Operation& receive_nothing(int64_t at) { return add(OpKind::receive, at, at + 1); }
    Operation& remove(int64_t at, uint64_t seq, uint32_t epoch) {
        Operation& op = add(OpKind::remove, at, at + 1);
        op.receipts.push_back(receipt(seq, epoch));
        return op;
    }
    Operation& change(int64_t at, uint64_t seq, uint32_t epoch, int64_t visibility_ms) {
        Operation& op = add(OpKind::change_visibility, at, at + 1);
        op.receipts.push_back(receipt(seq, epoch));
        op.receipts.back().visibility_ms = visibility_ms;
        return op;
    }
    static ReceiptUse receipt(uint64_t seq, uint32_t epoch) {
        return {{QueueId(7), MessageSeq(seq), LeaseEpoch(epoch)}, true, 0, ErrorCode::ok};
    }
    // The last operation was never answered.
    static void lose(Operation& op) {
        op.returned_ns = never_ns;
        op.outcome = OpOutcome::info;
        op.at = {};
    }
    static void fail(Operation& op, ErrorCode error = ErrorCode::queue_full) {
        op.outcome = OpOutcome::fail;
        op.error = error;
        op.at = {};
    }

    Verdict judge(CheckOptions options = {}) const {
        Verdict verdict;
        check_history(history, options, verdict);
        return verdict;
    }
    // No violation at all.
    bool passes(CheckOptions options = {}) const {
        const Verdict verdict = judge(options);
        for (const Violation& v : verdict.violations()) words += v.invariant + ": " + v.text + "\n";
        return verdict.good();
    }
    bool fails(const std::string& invariant, CheckOptions options = {}) const {
        const Verdict verdict = judge(options);
        for (const Violation& v : verdict.violations()) words += v.invariant + ": " + v.text + "\n";
        return verdict.names(invariant);
    }

    History history;
    uint64_t index = 0;
    std::map<uint64_t, ClusterTime> sent_at;
    std::map<uint64_t, ClusterTime> first_at;
    mutable std::string words;
};

}  // namespace quern::harness
