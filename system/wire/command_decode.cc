#include "proto/command_generated.h"
#include "system/wire/command_codec.h"
#include "system/wire/command_layout.h"
#include "system/wire/records_internal.h"

namespace quern::wire {

namespace {

using fb::CommandKind;
using queue::Command;

constexpr auto corrupt = ErrorCode::corrupt;

queue::Receipt read_receipt(const fb::CommandReceipt& receipt) {
    return {QueueId(receipt.queue()), MessageSeq(receipt.seq()), LeaseEpoch(receipt.epoch())};
}

// The columns with how much of each has been used.
class ColumnReader {
public:
    ColumnReader(Reader& reader, const fb::CommandBatch& batch, ByteSpan contents)
        : reader_(reader), batch_(batch), contents_(contents), sends_left_(reader.count(batch.sends())),
          receives_left_(reader.count(batch.receives())),
          deletes_left_(reader.count(batch.deletes())),
          changes_left_(reader.count(batch.visibility_changes())),
          attributes_left_(reader.count(batch.attributes())) {}

    void read(const fb::Command& from, Command& to);
    bool all_used() const {
        return sends_left_ == 0 && receives_left_ == 0 && deletes_left_ == 0 && changes_left_ == 0 &&
               attributes_left_ == 0;
    }
    ByteSpan rest() const { return contents_; }

private:
    // `count` more elements of a column of which `left` are unread; true if there are as many.
    bool use(size_t& left, size_t count) {
        reader_.require(count <= left, "a column is too short");
        if (!reader_.ok()) return false;
        left -= count;
        return true;
    }
    template <typename Column>
    const auto* at(const Column* column, size_t left_before, size_t i) const {
        return column->Get(Reader::index(column->size() - left_before + i));
    }
    // The operation's value with its capacity kept, if it is of this kind already.
    template <typename Operation>
    static Operation& reuse(Command& command) {
        if (auto* same = std::get_if<Operation>(&command.operation)) return *same;
        return command.operation.emplace<Operation>();
    }
    void read_send(size_t count, queue::Send& send);
    void read_receive(queue::Receive& receive);
    void read_delete(size_t count, queue::Delete& deletion);
    void read_changes(size_t count, queue::ChangeVisibility& change);

    Reader& reader_;
    const fb::CommandBatch& batch_;
    ByteSpan contents_;
    size_t sends_left_;
    size_t receives_left_;
    size_t deletes_left_;
    size_t changes_left_;
    size_t attributes_left_;
};

void ColumnReader::read_send(size_t count, queue::Send& send) {
    send.entries.clear();
    const size_t before = sends_left_;
    if (!use(sends_left_, count)) return;
    send.entries.reserve(count);
    for (size_t i = 0; i < count; ++i) {
        const fb::CommandSendEntry* entry = at(batch_.sends(), before, i);
        reader_.require(entry->content_bytes() <= contents_.size(), "contents are too short");
        reader_.require(entry->body_bytes() <= entry->content_bytes(),
                        "a body is longer than its message");
        if (!reader_.ok()) return;
        send.entries.push_back(
            {contents_.first(entry->content_bytes()), entry->body_bytes(), entry->delay_ms()});
        contents_ = contents_.subspan(entry->content_bytes());
    }
}

void ColumnReader::read_receive(queue::Receive& receive) {
    const size_t before = receives_left_;
    if (!use(receives_left_, 1)) return;
    const fb::CommandReceive* from = at(batch_.receives(), before, 0);
    receive.messages_max = from->messages_max();
    receive.visibility_ms = from->visibility_ms();
    receive.bytes_max = from->bytes_max();
}

void ColumnReader::read_delete(size_t count, queue::Delete& deletion) {
    deletion.receipts.clear();
    const size_t before = deletes_left_;
    if (!use(deletes_left_, count)) return;
    deletion.receipts.reserve(count);
    for (size_t i = 0; i < count; ++i) {
        deletion.receipts.push_back(read_receipt(*at(batch_.deletes(), before, i)));
    }
}

void ColumnReader::read_changes(size_t count, queue::ChangeVisibility& change) {
    change.changes.clear();
    const size_t before = changes_left_;
    if (!use(changes_left_, count)) return;
    change.changes.reserve(count);
    for (size_t i = 0; i < count; ++i) {
        const fb::CommandVisibility* one = at(batch_.visibility_changes(), before, i);
        change.changes.push_back({read_receipt(one->receipt()), one->visibility_ms()});
    }
}

void ColumnReader::read(const fb::Command& from, Command& to) {
    to.queue = QueueId(from.queue());
    to.record_version = CatalogueVersion(from.record_version());
    to.principal = UserId(from.principal());
    to.token = read_token(&from.token());
    const size_t count = from.item_count();
    switch (from.kind()) {
        case CommandKind::send: return read_send(count, reuse<queue::Send>(to));
        case CommandKind::receive:
            reader_.require(count == 1, "a receive is counted wrong");
            return read_receive(reuse<queue::Receive>(to));
        case CommandKind::delete_messages: return read_delete(count, reuse<queue::Delete>(to));
        case CommandKind::change_visibility:
            return read_changes(count, reuse<queue::ChangeVisibility>(to));
        case CommandKind::ensure_queue: {
            reader_.require(count == 1, "an ensure_queue is counted wrong");
            const size_t before = attributes_left_;
            if (!use(attributes_left_, 1)) return;
            const auto* as_of = batch_.ensured_as_of();
            const auto row = batch_.attributes()->size() - before;
            reader_.require(as_of != nullptr && as_of->size() == batch_.attributes()->size(),
                            "an ensure_queue lacks its version");
            if (!reader_.ok()) return;
            to.operation =
                queue::EnsureQueue{read_attributes(reader_, at(batch_.attributes(), before, 0)),
                                   CatalogueVersion(as_of->Get(static_cast<uint32_t>(row)))};
            return;
        }
        case CommandKind::purge: to.operation = queue::Purge{}; break;
        case CommandKind::drop_queue: to.operation = queue::DropQueue{}; break;
        case CommandKind::tick: to.operation = queue::Tick{}; break;
        case CommandKind::none: reader_.require(false, "a command has no kind"); break;
        default: reader_.require(false, "a command's kind is unknown to this version"); break;
    }
    reader_.require(count == 0, "a command has items it cannot have");
}

bool all_zero(ByteSpan bytes) {
    for (uint8_t byte : bytes) {
        if (byte != 0) return false;
    }
    return true;
}

}  // namespace

Result<void> decode_commands(const Buffer& payload, CommandBatch& batch) {
    if (payload.size() < command_batch_prefix_bytes) return fail(corrupt, "a command batch is too short");
    const size_t head_bytes = load<uint32_t>(payload.data());
    const size_t count = load<uint32_t>(payload.data() + 4);
    const ByteSpan rest = payload.span().subspan(command_batch_prefix_bytes);
    if (head_bytes > rest.size()) return fail(corrupt, "a command batch's head is cut off");
    auto root = Root<fb::CommandBatch>::read(rest.first(head_bytes), command_batch_identifier, corrupt);
    if (!root) return fail(std::move(root.error()));

    Reader reader(head_bytes);
    const fb::CommandBatch& from = **root;
    const size_t commands = reader.count(from.commands(), limits::entry_commands_max);
    reader.require(commands == count, "commands are counted wrong");
    ColumnReader columns(reader, from, rest.subspan(head_bytes));
    batch.time = {from.time_ms()};
    batch.commands.resize(commands);
    for (size_t i = 0; i < commands && reader.ok(); ++i) {
        columns.read(*from.commands()->Get(Reader::index(i)), batch.commands[i]);
    }
    reader.require(columns.all_used(), "a column is too long");
    reader.require(columns.rest().size() < 8 && all_zero(columns.rest()), "bytes are left over");
    if (!reader.ok()) return reader.failure(corrupt);
    return {};
}

}  // namespace quern::wire
