// A group under test: one command an entry, payloads kept, short calls for the usual commands.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <string>

#include "system/queue/group_state.h"

namespace quern::queue::test {

constexpr QueueId orders{7};
constexpr UserId alice{3};

struct GroupFixture {
    explicit GroupFixture(Attributes attributes = {}, int64_t start_ms = 1'000'000) : now(start_ms) {
        ensure(orders, attributes);
    }

    // Each entry starts at `now`.
    void entry() {
        group.begin_entry(group.index().next(), ClusterTime{now});
    }
    Reply apply(QueueId queue, decltype(Command::operation) operation, Token token = {}) {
        entry();
        Command command;
        command.queue = queue;
        command.record_version = version;
        command.principal = alice;
        command.token = token;
        command.operation = std::move(operation);
        Reply reply = group.apply(command, payload());
        group.check_invariants();
        return reply;
    }
    const uint8_t* payload() const { return reinterpret_cast<const uint8_t*>(contents.data()); }
    ByteSpan content(size_t size, size_t offset = 0) const {
        return as_bytes(contents).subspan(offset, size);
    }

    Reply ensure(QueueId queue, const Attributes& attributes) {
        return apply(queue, EnsureQueue{attributes, {}});
    }
    void set_attributes(const Attributes& attributes) {
        version = version.next();
        ensure(orders, attributes);
    }
    SendResult send(size_t size = 10, int64_t delay_ms = -1, Token token = {}) {
        Reply reply = apply(
            orders, Send{{SendEntry{content(size), static_cast<uint32_t>(size), delay_ms}}}, token);
        return std::get<SendReply>(reply.result).results.at(0);
    }
    void send_many(size_t count, size_t size = 10) {
        while (count > 0) {
            const size_t part = std::min(count, limits::batch_entries_max);
            Send batch;
            for (size_t i = 0; i < part; ++i) {
                batch.entries.push_back({content(size), static_cast<uint32_t>(size), -1});
            }
            entry();
            Command command{orders, version, alice, {}, std::move(batch)};
            Reply reply = group.apply(command, payload());
            ASSERT_TRUE(std::holds_alternative<SendReply>(reply.result));
            count -= part;
        }
    }
    Reply receive_reply(uint32_t count = 1, int64_t visibility_ms = -1, Token token = {}) {
        Receive receive;
        receive.messages_max = count;
        receive.visibility_ms = visibility_ms;
        return apply(orders, receive, token);
    }
    std::vector<Delivery> receive(uint32_t count = 1, int64_t visibility_ms = -1) {
        return std::get<ReceiveReply>(receive_reply(count, visibility_ms).result).deliveries;
    }
    Receipt receipt(const Delivery& d) const { return {orders, d.seq, d.epoch}; }
    ErrorCode remove(const Receipt& receipt) {
        Reply reply = apply(orders, Delete{{receipt}});
        return std::get<DeleteReply>(reply.result).results.at(0);
    }
    ErrorCode change(const Receipt& receipt, int64_t visibility_ms) {
        Reply reply = apply(orders, ChangeVisibility{{{receipt, visibility_ms}}});
        return std::get<ChangeVisibilityReply>(reply.result).results.at(0);
    }
    Reply tick() { return apply(QueueId{}, Tick{}); }
    Counters counters() const { return group.counters(orders); }

    GroupState group;
    CatalogueVersion version{5};
    int64_t now;
    std::string contents = std::string(2 * limits::message_bytes_max, 'x');
};

inline ErrorCode error_of(const Reply& reply) {
    const Error* error = std::get_if<Error>(&reply.result);
    return error == nullptr ? ErrorCode::ok : error->code;
}

inline std::vector<uint64_t> seqs(const std::vector<Delivery>& deliveries) {
    std::vector<uint64_t> list;
    for (const Delivery& d : deliveries) list.push_back(d.seq.value);
    return list;
}

inline std::vector<Buffer> snapshot(const GroupState& group, size_t chunk_bytes = 4096) {
    std::vector<Buffer> chunks;
    auto frozen = group.freeze();
    for (Buffer c = frozen->next_chunk(chunk_bytes); !c.empty(); c = frozen->next_chunk(chunk_bytes)) {
        chunks.push_back(c);
    }
    return chunks;
}

}  // namespace quern::queue::test
