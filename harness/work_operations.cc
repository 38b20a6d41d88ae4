// What a client's next operation is.
#include <algorithm>

#include "harness/work_client.h"
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
    const uint32_t ordinal = next_ordinal_++;
    Dice dice(plan_.seed, identity_.number, ordinal);
    Operation op;
    op.ordinal = ordinal;
    wire::Request request;
    request.queue_name = queue_name(dice.below(static_cast<uint64_t>(plan_.queues)));
    if (!fill(choose(dice), op, request, dice)) return schedule(hand);
    perform(std::move(op), std::move(request), [this, hand](const Operation&) { schedule(hand); });
    contents_.clear();
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

// False if there is nothing to ask now.
bool WorkClient::fill(OpKind kind, Operation& op, wire::Request& request, Dice& dice) {
    op.kind = kind;
    switch (kind) {
        case OpKind::send: fill_send(op, request, dice); return true;
        case OpKind::receive: fill_receive(op, request, dice); return true;
        case OpKind::remove:
        case OpKind::change_visibility: return fill_receipts(op, request, dice);
        case OpKind::purge: request.operation = wire::PurgeRequest{}; return true;
        case OpKind::peek:
            op.messages_max = static_cast<uint32_t>(1 + dice.below(10));
            request.operation = wire::PeekRequest{MessageSeq(dice.below(3) * 5), op.messages_max};
            return true;
        case OpKind::status: request.operation = wire::QueueStatusRequest{}; return true;
        case OpKind::create_queue: {
            const uint64_t number = std::stoull(request.queue_name.substr(1));
            op.attributes = queue_attributes(plan_, number);
            request.operation = wire::CreateQueueRequest{op.attributes, {}};
            return true;
        }
        case OpKind::delete_queue: request.operation = wire::DeleteQueueRequest{}; return true;
        case OpKind::set_attributes: {
            // Any queue may come to look like another one.
            op.attributes = queue_attributes(plan_, dice.below(50));
            op.attribute_mask = metadata::attribute_mask_all() &
                                static_cast<uint32_t>(dice.below(uint64_t{1} << 32));
            if (op.attribute_mask == 0) return false;
            request.operation = wire::SetAttributesRequest{op.attributes, op.attribute_mask};
            return true;
        }
        case OpKind::grant:
        case OpKind::revoke:
            if (identity_.subject.empty()) return false;
            fill_access(op, request, dice);
            return true;
        case OpKind::count: break;
    }
    QUERN_UNREACHABLE();
}

// Unique as soon as there is room for it.
Buffer WorkClient::content(uint32_t ordinal, size_t part, Dice& dice) const {
    const int64_t most = plan_.body_bytes_max;
    size_t size = 0;
    switch (dice.below(20)) {
        case 0: size = 0; break;
        case 1: size = dice.below(content_header_bytes); break;
        case 2: size = 1'023 + dice.below(3); break;  // about the least maximum of a queue
        case 3: size = static_cast<size_t>(most); break;
        case 4: size = static_cast<size_t>(most + dice.up_to(most)); break;
        default: size = content_header_bytes + static_cast<size_t>(dice.up_to(most / 4)); break;
    }
    std::vector<uint8_t> bytes(size);
    const uint64_t words[2] = {uint64_t{identity_.number} << 32 | ordinal, part};
    Prng filler(draw(plan_.seed, Concern::content, words[0], words[1]));
    uint64_t word = 0;
    for (size_t i = 0; i < size; ++i) {
        if (i < content_header_bytes) {
            bytes[i] = static_cast<uint8_t>(words[i / 8] >> (8 * (i % 8)));
            continue;
        }
        if (i % 8 == 0) word = filler.next();
        bytes[i] = static_cast<uint8_t>(word >> (8 * (i % 8)));
    }
    return Buffer::copy_of(bytes);
}

void WorkClient::fill_send(Operation& op, wire::Request& request, Dice& dice) {
    const auto most = static_cast<uint64_t>(plan_.batch_max);
    const uint64_t count = dice.below(3) > 0 ? 1 : 1 + dice.below(most);
    wire::SendRequest send;
    for (uint64_t i = 0; i < count; ++i) {
        contents_.push_back(content(op.ordinal, i, dice));
        queue::SendEntry entry;
        entry.content = contents_.back().span();
        entry.body_bytes = static_cast<uint32_t>(entry.content.size());
        if (dice.below(4) == 0) entry.delay_ms = dice.up_to(plan_.delay_ms_max);
        SentMessage sent;
        sent.hash = hash64(entry.content);
        sent.size_bytes = entry.body_bytes;
        sent.delay_ms = entry.delay_ms;
        op.sent.push_back(std::move(sent));
        send.entries.push_back(entry);
    }
    request.operation = std::move(send);
}

void WorkClient::fill_receive(Operation& op, wire::Request& request, Dice& dice) {
    wire::ReceiveRequest receive;
    receive.messages_max = static_cast<uint32_t>(
        dice.one_of<uint64_t>({1, 1, 2, 10, 1 + dice.below(30)}));
    receive.wait_ms = dice.one_of<int64_t>({-1, 0, 0, dice.up_to(plan_.wait_ms_max)});
    receive.visibility_ms = dice.one_of<int64_t>({-1, -1, dice.up_to(plan_.visibility_ms_max),
                                                  dice.up_to(200), plan_.visibility_ms_max});
    op.messages_max = receive.messages_max;
    op.wait_ms = receive.wait_ms >= 0 ? receive.wait_ms : plan_.wait_ms_max;
    op.visibility_ms = receive.visibility_ms;
    request.operation = receive;
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

bool WorkClient::fill_receipts(Operation& op, wire::Request& request, Dice& dice) {
    if (held_.empty() && used_.empty()) return false;
    wire::DeleteRequest deletion;
    wire::ChangeVisibilityRequest change;
    const uint64_t most = std::min<uint64_t>(10, static_cast<uint64_t>(plan_.batch_max));
    const uint64_t count = dice.below(2) == 0 ? 1 : 1 + dice.below(most);
    for (uint64_t i = 0; i < count && !(held_.empty() && used_.empty()); ++i) {
        Held receipt = take_receipt(dice);
        // One request is about one queue; rarely a receipt of another strays into it.
        if (i == 0 && !dice.per_cent(plan_.forged_per_cent)) request.queue_name = receipt.queue;
        if (receipt.queue != request.queue_name && !dice.per_cent(plan_.forged_per_cent)) {
            held_.push_back(receipt);
            continue;
        }
        ReceiptUse use;
        if (dice.per_cent(plan_.forged_per_cent)) {
            receipt.bytes[dice.below(receipt.bytes.size())] ^=
                static_cast<uint8_t>(1 + dice.below(255));
            use.genuine = false;
        }
        use.receipt = peek_receipt(receipt.bytes);
        use.visibility_ms = dice.one_of<int64_t>({0, 0, dice.up_to(plan_.visibility_ms_max),
                                                  plan_.visibility_ms_max});
        op.receipts.push_back(use);
        deletion.receipts.push_back(receipt.bytes);
        change.entries.push_back({receipt.bytes, use.visibility_ms});
        // A lease that was changed is held on.
        if (op.kind == OpKind::change_visibility && use.genuine) held_.push_back(receipt);
    }
    if (op.receipts.empty()) return false;
    if (op.kind == OpKind::remove) {
        request.operation = std::move(deletion);
    } else {
        request.operation = std::move(change);
    }
    return true;
}

void WorkClient::fill_access(Operation& op, wire::Request& request, Dice&) {
    op.subject = identity_.subject;
    wire::GrantRequest grant;
    grant.user = identity_.subject;
    grant.grant.actions = metadata::all_actions;
    grant.revoke = op.kind == OpKind::revoke;
    request.queue_name.clear();
    request.operation = std::move(grant);
}

}  // namespace quern::harness
