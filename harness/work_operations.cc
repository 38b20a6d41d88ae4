// What a client's next operation is.
#include <algorithm>
#include <bit>
#include <cstring>

#include "harness/work_client.h"
#include "system/base/checksum.h"
#include "system/metadata/validate.h"

namespace quern::harness {

namespace {

constexpr size_t used_kept_max = 32;
constexpr size_t content_header_bytes = 16;

}  // namespace

// The draws of one operation.
class WorkClient::Dice {
public:
    Dice(uint64_t seed, uint64_t client, uint64_t ordinal)
        : random_(draw(seed, Concern::operation, client, ordinal)) {}
    uint64_t below(uint64_t bound) { return random_.below(bound); }
    int64_t up_to(int64_t most) {
        return static_cast<int64_t>(random_.below(static_cast<uint64_t>(most) + 1));
    }
    bool per_cent(int64_t part) { return static_cast<int64_t>(random_.below(100)) < part; }
    template <typename T>
    T one_of(std::initializer_list<T> values) {
        return values.begin()[below(values.size())];
    }

private:
    Prng random_;
};

void WorkClient::act(uint32_t hand) {
    PlannedOperation planned;
    Operation op;
    wire::Request request;
    if (!draw_operation(planned) || !build(planned, op, request)) return schedule(hand);
    if (written_ != nullptr) (*written_)(planned);
    perform(std::move(op), std::move(request), [this, hand](const Operation&) { schedule(hand); });
    contents_.clear();
}

bool WorkClient::draw_operation(PlannedOperation& planned) {
    planned.client = identity_.number;
    planned.ordinal = next_ordinal_++;
    planned.at_ns = scene_.now_ns() - began_ns_;
    Dice dice(plan_.seed, identity_.number, planned.ordinal);
    planned.queue = dice.below(static_cast<uint64_t>(plan_.queues));
    planned.kind = choose(dice);
    return draw_arguments(planned, dice);
}

OpKind WorkClient::choose(Dice& dice) const {
    int64_t total = 0;
    for (const int64_t weight : plan_.weights) total += weight;
    auto point = static_cast<int64_t>(dice.below(static_cast<uint64_t>(std::max<int64_t>(1, total))));
    for (size_t i = 0; i < op_kind_count; ++i) {
        if (point < plan_.weights[i]) return static_cast<OpKind>(i);
        point -= plan_.weights[i];
    }
    return OpKind::receive;
}

bool WorkClient::draw_arguments(PlannedOperation& planned, Dice& dice) {
    switch (planned.kind) {
        case OpKind::send: draw_bodies(planned, dice); return true;
        case OpKind::receive: draw_receive(planned, dice); return true;
        case OpKind::remove:
        case OpKind::change_visibility: return draw_receipts(planned, dice);
        case OpKind::peek:
            planned.messages_max = static_cast<uint32_t>(1 + dice.below(10));
            planned.from_seq = dice.below(3) * 5;
            return true;
        case OpKind::set_attributes:
            // Any queue may come to look like another one.
            planned.like_queue = dice.below(50);
            planned.mask = metadata::attribute_mask_all() &
                           static_cast<uint32_t>(dice.below(uint64_t{1} << 32));
            return planned.mask != 0;
        case OpKind::grant:
        case OpKind::revoke: return !identity_.subject.empty();
        case OpKind::purge:
        case OpKind::status:
        case OpKind::create_queue:
        case OpKind::delete_queue: return true;
        case OpKind::redrive:
        case OpKind::change_members: return false;  // the product has no such request
        case OpKind::count: break;
    }
    QUERN_UNREACHABLE();
}

uint32_t WorkClient::draw_size(Dice& dice) const {
    const int64_t most = plan_.body_bytes_max;
    switch (dice.below(20)) {
        case 0: return 0;
        case 1: return static_cast<uint32_t>(dice.below(content_header_bytes));
        case 2: return static_cast<uint32_t>(1'023 + dice.below(3));  // about the least maximum of a queue
        case 3: return static_cast<uint32_t>(most);
        case 4: return static_cast<uint32_t>(most + dice.up_to(most));
        default: return static_cast<uint32_t>(content_header_bytes) +
                        static_cast<uint32_t>(dice.up_to(most / 4));
    }
}

void WorkClient::draw_bodies(PlannedOperation& planned, Dice& dice) const {
    const auto most = static_cast<uint64_t>(plan_.batch_max);
    const uint64_t count = dice.below(3) > 0 ? 1 : 1 + dice.below(most);
    for (uint64_t i = 0; i < count; ++i) {
        PlannedBody body;
        body.size_bytes = draw_size(dice);
        if (dice.below(4) == 0) body.delay_ms = dice.up_to(plan_.delay_ms_max);
        planned.bodies.push_back(body);
    }
}

void WorkClient::draw_receive(PlannedOperation& planned, Dice& dice) const {
    planned.messages_max = static_cast<uint32_t>(
        dice.one_of<uint64_t>({1, 1, 2, 10, 1 + dice.below(30)}));
    planned.wait_ms = dice.one_of<int64_t>({-1, 0, 0, dice.up_to(plan_.wait_ms_max)});
    planned.visibility_ms = dice.one_of<int64_t>({-1, -1, dice.up_to(plan_.visibility_ms_max),
                                                  dice.up_to(200), plan_.visibility_ms_max});
}

// The oldest or the newest receipt held, or one that was used before.
WorkClient::Held WorkClient::take_receipt(Dice& dice) {
    const bool again = !used_.empty() && (held_.empty() || dice.per_cent(plan_.stale_per_cent));
    if (again) return used_[dice.below(used_.size())];
    const size_t at = dice.below(3) == 0 ? dice.below(held_.size()) : 0;
    Held taken = held_[at];
    held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(at));
    used_.push_back(taken);
    if (used_.size() > used_kept_max) used_.pop_front();
    return taken;
}

bool WorkClient::draw_receipts(PlannedOperation& planned, Dice& dice) {
    if (held_.empty() && used_.empty()) return false;
    const uint64_t most = std::min<uint64_t>(10, static_cast<uint64_t>(plan_.batch_max));
    const uint64_t count = dice.below(2) == 0 ? 1 : 1 + dice.below(most);
    for (uint64_t i = 0; i < count && !(held_.empty() && used_.empty()); ++i) {
        const Held held = take_receipt(dice);
        // One request is about one queue; rarely a receipt of another strays into it.
        if (i == 0 && !dice.per_cent(plan_.forged_per_cent)) {
            planned.queue = std::stoull(held.queue.substr(1));
        }
        if (held.queue != queue_name(planned.queue) && !dice.per_cent(plan_.forged_per_cent)) {
            held_.push_back(held);
            continue;
        }
        PlannedReceipt receipt;
        receipt.ordinal = held.name.first;
        receipt.part = held.name.second;
        if (dice.per_cent(plan_.forged_per_cent)) {
            receipt.flip_mask = static_cast<uint8_t>(1 + dice.below(255));
            receipt.flip_byte = static_cast<int32_t>(dice.below(held.bytes.size()));
        }
        receipt.visibility_ms = dice.one_of<int64_t>({0, 0, dice.up_to(plan_.visibility_ms_max),
                                                      plan_.visibility_ms_max});
        planned.receipts.push_back(receipt);
        // A lease that was changed is held on.
        if (planned.kind == OpKind::change_visibility && receipt.flip_byte < 0) held_.push_back(held);
    }
    return !planned.receipts.empty();
}

// --- calls ------------------------------------------------------------------------------------------

bool WorkClient::build(const PlannedOperation& planned, Operation& op, wire::Request& request) {
    op.ordinal = planned.ordinal;
    op.kind = planned.kind;
    op.messages_max = planned.kind == OpKind::receive || planned.kind == OpKind::peek
                          ? planned.messages_max
                          : 0;
    request.queue_name = queue_name(planned.queue);
    switch (planned.kind) {
        case OpKind::send: build_send(planned, op, request); return true;
        case OpKind::receive:
            op.wait_ms = planned.wait_ms >= 0 ? planned.wait_ms : plan_.wait_ms_max;
            op.visibility_ms = planned.visibility_ms;
            request.operation = wire::ReceiveRequest{planned.messages_max, planned.wait_ms,
                                                     planned.visibility_ms};
            return true;
        case OpKind::remove:
        case OpKind::change_visibility: return build_receipts(planned, op, request);
        case OpKind::purge: request.operation = wire::PurgeRequest{}; return true;
        case OpKind::peek:
            request.operation = wire::PeekRequest{MessageSeq(planned.from_seq), op.messages_max};
            return true;
        case OpKind::status: request.operation = wire::QueueStatusRequest{}; return true;
        case OpKind::create_queue:
            op.attributes = queue_attributes(plan_, planned.queue);
            request.operation = wire::CreateQueueRequest{op.attributes, {}};
            return true;
        case OpKind::delete_queue: request.operation = wire::DeleteQueueRequest{}; return true;
        case OpKind::set_attributes:
            op.attributes = queue_attributes(plan_, planned.like_queue);
            op.attribute_mask = planned.mask;
            request.operation = wire::SetAttributesRequest{op.attributes, op.attribute_mask};
            return true;
        case OpKind::grant:
        case OpKind::revoke:
            if (identity_.subject.empty()) return false;
            build_access(op, request);
            return true;
        case OpKind::redrive:
        case OpKind::change_members: return false;
        case OpKind::count: break;
    }
    QUERN_UNREACHABLE();
}

// Unique as soon as there is room for it.
Buffer WorkClient::content(uint32_t ordinal, size_t part, size_t size) const {
    const uint64_t words[2] = {uint64_t{identity_.number} << 32 | ordinal, part};
    static_assert(content_header_bytes == sizeof words && std::endian::native == std::endian::little);
    Prng filler(draw(plan_.seed, Concern::content, words[0], words[1]));
    // Some are as blank as a disk that nobody has written to.
    const bool blank = bounded(draw(plan_.seed, Concern::content, words[0], ~words[1]), 16) == 0;
    MutableBuffer bytes(size);
    for (size_t at = 0; at < size; at += sizeof(uint64_t)) {
        const uint64_t word = at < content_header_bytes ? words[at / sizeof(uint64_t)] : blank ? 0 : filler.next();
        std::memcpy(bytes.data() + at, &word, std::min(sizeof word, size - at));
    }
    return std::move(bytes).freeze();
}

void WorkClient::build_send(const PlannedOperation& planned, Operation& op,
                            wire::Request& request) {
    wire::SendRequest send;
    for (size_t i = 0; i < planned.bodies.size(); ++i) {
        contents_.push_back(content(planned.ordinal, i, planned.bodies[i].size_bytes));
        queue::SendEntry entry;
        entry.content = contents_.back().span();
        entry.body_bytes = static_cast<uint32_t>(entry.content.size());
        entry.delay_ms = planned.bodies[i].delay_ms;
        SentMessage sent;
        sent.hash = hash64(entry.content);
        sent.size_bytes = entry.body_bytes;
        sent.delay_ms = entry.delay_ms;
        op.sent.push_back(std::move(sent));
        send.entries.push_back(entry);
    }
    request.operation = std::move(send);
}

bool WorkClient::build_receipts(const PlannedOperation& planned, Operation& op,
                                wire::Request& request) {
    wire::DeleteRequest deletion;
    wire::ChangeVisibilityRequest change;
    for (const PlannedReceipt& receipt : planned.receipts) {
        const auto held = received_.find({receipt.ordinal, receipt.part});
        if (held == received_.end()) continue;
        wire::ReceiptBytes bytes = held->second.bytes;
        ReceiptUse use;
        if (receipt.flip_byte >= 0 && static_cast<size_t>(receipt.flip_byte) < bytes.size()) {
            bytes[static_cast<size_t>(receipt.flip_byte)] ^= receipt.flip_mask;
            use.genuine = false;
        }
        use.receipt = peek_receipt(bytes);
        use.visibility_ms = receipt.visibility_ms;
        op.receipts.push_back(use);
        deletion.receipts.push_back(bytes);
        change.entries.push_back({bytes, use.visibility_ms});
    }
    if (op.receipts.empty()) return false;
    if (op.kind == OpKind::remove) {
        request.operation = std::move(deletion);
    } else {
        request.operation = std::move(change);
    }
    return true;
}

void WorkClient::build_access(Operation& op, wire::Request& request) {
    op.subject = identity_.subject;
    wire::GrantRequest grant;
    grant.user = identity_.subject;
    grant.grant.actions = metadata::all_actions;
    grant.revoke = op.kind == OpKind::revoke;
    request.queue_name.clear();
    request.operation = std::move(grant);
}

}  // namespace quern::harness
