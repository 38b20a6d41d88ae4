#include <span>

#include "proto/command_generated.h"
#include "system/wire/command_codec.h"
#include "system/wire/command_layout.h"
#include "system/wire/records_internal.h"

namespace quern::wire {

namespace {

using fb::CommandKind;
using queue::Command;

struct Columns {
    size_t sends = 0;
    size_t receives = 0;
    size_t deletes = 0;
    size_t visibility_changes = 0;
    size_t content_bytes = 0;
};

Columns measure(std::span<const Command> commands) {
    Columns columns;
    for (const Command& command : commands) {
        if (const auto* send = std::get_if<queue::Send>(&command.operation)) {
            columns.sends += send->entries.size();
            for (const auto& entry : send->entries) columns.content_bytes += entry.content.size();
        } else if (std::holds_alternative<queue::Receive>(command.operation)) {
            ++columns.receives;
        } else if (const auto* deletion = std::get_if<queue::Delete>(&command.operation)) {
            columns.deletes += deletion->receipts.size();
        } else if (const auto* change = std::get_if<queue::ChangeVisibility>(&command.operation)) {
            columns.visibility_changes += change->changes.size();
        }
    }
    return columns;
}

struct KindAndCount {
    CommandKind kind;
    size_t item_count;
};

KindAndCount kind_of(const Command& command) {
    struct Visitor {
        KindAndCount operator()(const queue::Send& o) { return {CommandKind::send, o.entries.size()}; }
        KindAndCount operator()(const queue::Receive&) { return {CommandKind::receive, 1}; }
        KindAndCount operator()(const queue::Delete& o) {
            return {CommandKind::delete_messages, o.receipts.size()};
        }
        KindAndCount operator()(const queue::ChangeVisibility& o) {
            return {CommandKind::change_visibility, o.changes.size()};
        }
        KindAndCount operator()(const queue::Purge&) { return {CommandKind::purge, 0}; }
        KindAndCount operator()(const queue::EnsureQueue&) { return {CommandKind::ensure_queue, 1}; }
        KindAndCount operator()(const queue::DropQueue&) { return {CommandKind::drop_queue, 0}; }
        KindAndCount operator()(const queue::Tick&) { return {CommandKind::tick, 0}; }
    };
    return std::visit(Visitor{}, command.operation);
}

fb::CommandReceipt make_receipt(const queue::Receipt& receipt) {
    return {receipt.queue.value, receipt.seq.value, receipt.epoch.value};
}

// A column of `size` structs, filled by `fill(next)` which writes through *next++; absent if empty.
template <typename Struct, typename F>
Offset<flatbuffers::Vector<const Struct*>> make_column(FlatBufferBuilder& builder, size_t size,
                                                       F fill) {
    if (size == 0) return {};
    Struct* next = nullptr;
    const auto column = make_structs(builder, size, &next);
    Struct* const end = next + size;
    fill(next);
    QUERN_ASSERT(next == end);
    return column;
}

template <typename Struct>
using Column = Offset<flatbuffers::Vector<const Struct*>>;

Column<fb::Command> make_heads(FlatBufferBuilder& builder, const std::vector<Command>& commands) {
    return make_column<fb::Command>(builder, commands.size(), [&](fb::Command*& next) {
        for (const Command& command : commands) {
            const KindAndCount kind = kind_of(command);
            *next++ = fb::Command(command.queue.value, command.record_version.value,
                                  command.principal.value, make_token(command.token),
                                  static_cast<uint32_t>(kind.item_count), kind.kind);
        }
    });
}

// Each operation of one kind, in order.
template <typename Operation, typename F>
void for_each(const std::vector<Command>& commands, F visit) {
    for (const Command& command : commands) {
        if (const auto* operation = std::get_if<Operation>(&command.operation)) visit(*operation);
    }
}

Column<fb::CommandSendEntry> make_sends(FlatBufferBuilder& builder,
                                        const std::vector<Command>& commands, size_t size) {
    return make_column<fb::CommandSendEntry>(builder, size, [&](fb::CommandSendEntry*& next) {
        for_each<queue::Send>(commands, [&](const queue::Send& send) {
            for (const queue::SendEntry& entry : send.entries) {
                QUERN_ASSERT(entry.body_bytes <= entry.content.size());
                *next++ = fb::CommandSendEntry(
                    entry.delay_ms, static_cast<uint32_t>(entry.content.size()), entry.body_bytes);
            }
        });
    });
}

Column<fb::CommandReceive> make_receives(FlatBufferBuilder& builder,
                                         const std::vector<Command>& commands, size_t size) {
    return make_column<fb::CommandReceive>(builder, size, [&](fb::CommandReceive*& next) {
        for_each<queue::Receive>(commands, [&](const queue::Receive& receive) {
            *next++ = fb::CommandReceive(receive.visibility_ms, receive.bytes_max,
                                         receive.messages_max);
        });
    });
}

Column<fb::CommandReceipt> make_deletes(FlatBufferBuilder& builder,
                                        const std::vector<Command>& commands, size_t size) {
    return make_column<fb::CommandReceipt>(builder, size, [&](fb::CommandReceipt*& next) {
        for_each<queue::Delete>(commands, [&](const queue::Delete& deletion) {
            for (const queue::Receipt& receipt : deletion.receipts) *next++ = make_receipt(receipt);
        });
    });
}

Column<fb::CommandVisibility> make_changes(FlatBufferBuilder& builder,
                                           const std::vector<Command>& commands, size_t size) {
    return make_column<fb::CommandVisibility>(builder, size, [&](fb::CommandVisibility*& next) {
        for_each<queue::ChangeVisibility>(commands, [&](const queue::ChangeVisibility& change) {
            for (const queue::VisibilityChange& one : change.changes) {
                *next++ = fb::CommandVisibility(one.visibility_ms, make_receipt(one.receipt));
            }
        });
    });
}

Buffer encode_head(ClusterTime time, const std::vector<Command>& commands, const Columns& size) {
    FlatBufferBuilder builder(128 + commands.size() * sizeof(fb::Command) +
                              size.sends * sizeof(fb::CommandSendEntry) +
                              size.receives * sizeof(fb::CommandReceive) +
                              size.deletes * sizeof(fb::CommandReceipt) +
                              size.visibility_changes * sizeof(fb::CommandVisibility));
    const auto heads = make_heads(builder, commands);
    const auto sends = make_sends(builder, commands, size.sends);
    const auto receives = make_receives(builder, commands, size.receives);
    const auto deletes = make_deletes(builder, commands, size.deletes);
    const auto changes = make_changes(builder, commands, size.visibility_changes);
    std::vector<Offset<fb::QueueAttributes>> attributes;
    std::vector<uint64_t> as_of;
    for_each<queue::EnsureQueue>(commands, [&](const queue::EnsureQueue& ensure) {
        attributes.push_back(make_attributes(builder, ensure.attributes));
        as_of.push_back(ensure.as_of.value);
    });
    Offset<flatbuffers::Vector<Offset<fb::QueueAttributes>>> attributes_column;
    Offset<flatbuffers::Vector<uint64_t>> as_of_column;
    if (!attributes.empty()) {
        attributes_column = builder.CreateVector(attributes);
        as_of_column = builder.CreateVector(as_of);
    }
    const auto root = fb::CreateCommandBatch(builder, time.ms, heads, sends, receives, deletes,
                                             changes, attributes_column, as_of_column);
    return finish(builder, root, command_batch_identifier);
}

}  // namespace

Buffer encode_commands(ClusterTime time, const std::vector<Command>& commands) {
    QUERN_ASSERT(commands.size() <= limits::entry_commands_max);
    const Columns columns = measure(commands);
    const Buffer head = encode_head(time, commands, columns);
    const size_t used = command_batch_prefix_bytes + head.size() + columns.content_bytes;
    QUERN_ASSERT(used <= UINT32_MAX - 8);
    MutableBuffer payload(padded_bytes(used));
    uint8_t* next = payload.data();
    store<uint32_t>(next, static_cast<uint32_t>(head.size()));
    store<uint32_t>(next + 4, static_cast<uint32_t>(commands.size()));
    next += command_batch_prefix_bytes;
    std::memcpy(next, head.data(), head.size());
    next += head.size();
    for (const Command& command : commands) {
        const auto* send = std::get_if<queue::Send>(&command.operation);
        if (send == nullptr) continue;
        for (const queue::SendEntry& entry : send->entries) {
            if (entry.content.empty()) continue;
            std::memcpy(next, entry.content.data(), entry.content.size());
            next += entry.content.size();
        }
    }
    std::memset(next, 0, payload.size() - used);
    return std::move(payload).freeze();
}

size_t encoded_bytes_estimate(const Command& command) {
    constexpr size_t attributes_bytes = 160;  // a table with its share of the column
    const Columns size = measure({&command, 1});
    const bool ensure = std::holds_alternative<queue::EnsureQueue>(command.operation);
    return sizeof(fb::Command) + size.content_bytes + size.sends * sizeof(fb::CommandSendEntry) +
           size.receives * sizeof(fb::CommandReceive) + size.deletes * sizeof(fb::CommandReceipt) +
           size.visibility_changes * sizeof(fb::CommandVisibility) + (ensure ? attributes_bytes : 0);
}

}  // namespace quern::wire
