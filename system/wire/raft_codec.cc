#include "proto/raft_generated.h"
#include "system/base/planted_bug.h"
#include "system/wire/peer_messages.h"
#include "system/wire/records_internal.h"

namespace quern::wire {

namespace {

constexpr const char* identifier = "QRFT";

fb::RaftMessage make_message(const RaftMessage& from) {
    const raft::Message& m = from.message;
    return {make_uuid(from.incarnation),
            m.term.value,
            m.index.value,
            m.log_term.value,
            m.commit.value,
            m.hint_index.value,
            m.hint_term.value,
            m.context,
            m.group.value,
            m.from.value,
            m.to.value,
            static_cast<uint32_t>(m.entries.size()),
            static_cast<uint8_t>(m.kind),
            m.reject,
            m.transfer,
            m.recovering,
            m.relayed};
}

void read_message(Reader& reader, const fb::RaftMessage& from, RaftMessage& to) {
    raft::Message& m = to.message;
    to.incarnation = read_uuid(&from.incarnation());
    m.kind = reader.in_range(from.kind(), raft::MessageKind::timeout_now,
                             "a raft message is of an unknown kind");
    m.group = GroupId(from.group());
    m.from = NodeId(from.from());
    m.to = NodeId(from.to());
    m.term = Term(from.term());
    m.index = LogIndex(from.index());
    m.log_term = Term(from.log_term());
    m.commit = LogIndex(from.commit());
    m.hint_index = LogIndex(from.hint_index());
    m.hint_term = Term(from.hint_term());
    m.context = from.context();
    m.reject = from.reject();
    m.transfer = from.transfer();
    m.recovering = from.recovering();
    m.relayed = from.relayed();
    reader.require(from.entry_count() == 0 || m.kind == raft::MessageKind::append_request,
                   "only an append carries entries");
}

raft::Entry read_entry(Reader& reader, const fb::RaftEntry& from, Pieces& payloads) {
    raft::Entry entry;
    entry.index = LogIndex(from.index());
    entry.term = Term(from.term());
    entry.kind = reader.in_range(from.kind(), raft::EntryKind::configuration,
                                 "an entry is of an unknown kind");
    reader.require(payloads.can_take(from.payload_bytes()), "payloads are too short");
    if (!reader.ok()) return entry;
    entry.payload = payloads.take(from.payload_bytes());
    reader.require(payloads.skip_padding(), "a payload's padding is missing");
    return entry;
}

}  // namespace

Encoded encode_raft(std::span<const RaftMessage> messages) {
    size_t entry_count = 0;
    for (const RaftMessage& message : messages) entry_count += message.message.entries.size();
    FlatBufferBuilder builder(128 + messages.size() * sizeof(fb::RaftMessage) +
                              entry_count * sizeof(fb::RaftEntry));
    fb::RaftMessage* next_message = nullptr;
    const auto message_column =
        make_structs(builder, messages.size(), &next_message);
    for (const RaftMessage& message : messages) *next_message++ = make_message(message);

    Encoded encoded;
    Offset<flatbuffers::Vector<const fb::RaftEntry*>> entry_column;
    if (entry_count > 0) {
        MutableBuffer zeros(8);
        std::memset(zeros.data(), 0, zeros.size());
        const Buffer padding = std::move(zeros).freeze();
        fb::RaftEntry* next_entry = nullptr;
        entry_column = make_structs(builder, entry_count, &next_entry);
        for (const RaftMessage& message : messages) {
            for (const raft::Entry& entry : message.message.entries) {
                const size_t bytes = entry.payload.size();
                *next_entry++ = fb::RaftEntry(entry.index.value, entry.term.value,
                                              static_cast<uint32_t>(bytes),
                                              static_cast<uint8_t>(entry.kind));
                encoded.attachments.append(entry.payload);
                encoded.attachments.append(padding.slice(0, padded_bytes(bytes) - bytes));
            }
        }
    }
    encoded.head = finish(builder, fb::CreateRaftMessages(builder, message_column, entry_column),
                          identifier);
    return encoded;
}

Result<std::vector<RaftMessage>> decode_raft(const Frame& frame) {
    if (frame.kind != FrameKind::raft) return fail(ErrorCode::protocol_error, "no raft frame");
    auto root = Root<fb::RaftMessages>::read(frame.head(), identifier);
    if (!root) return fail(std::move(root.error()));
    Reader reader(frame.head_bytes);
    const fb::RaftMessages& from = **root;
    std::vector<RaftMessage> messages(reader.count(from.messages()));
    size_t entries_left = reader.count(from.entries());
    size_t entry_at = 0;
    Pieces payloads(frame.attachments());
    for (size_t i = 0; i < messages.size() && reader.ok(); ++i) {
        const fb::RaftMessage& message = *from.messages()->Get(Reader::index(i));
        read_message(reader, message, messages[i]);
        reader.require(message.entry_count() <= entries_left, "entries are counted wrong");
        if (!reader.ok()) break;
        entries_left -= message.entry_count();
        std::vector<raft::Entry>& entries = messages[i].message.entries;
        entries.reserve(message.entry_count());
        for (size_t n = 0; n < message.entry_count() && reader.ok(); ++n) {
            entries.push_back(
                read_entry(reader, *from.entries()->Get(Reader::index(entry_at++)), payloads));
            if (PLANTED(entries_share_a_term)) entries.back().term = entries.front().term;
        }
    }
    reader.require(entries_left == 0, "entries are left over");
    reader.require(payloads.all_taken(), "payloads are left over");
    if (!reader.ok()) return reader.failure();
    return messages;
}

}  // namespace quern::wire
