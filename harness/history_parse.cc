// Reading histories from anywhere: every number has its range, every list its bound, every field its type;
// a field that is not known is passed over, so that others may say more than we judge.
#include <algorithm>
#include <charconv>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/history_json.h"

namespace quern::harness {

namespace {

using nlohmann::json;

// Far beyond any run, and sums of a few do not overflow.
constexpr int64_t number_max = int64_t{1} << 60;
constexpr uint16_t error_numbers = 1'000;  // all codes are below

// Reads the fields of one object; remembers the first thing that is wrong.
class Fields {
public:
    Fields(const json& object, std::string& wrong) : object_(object), wrong_(wrong) {
        if (!object.is_object()) complain("an object is needed");
    }

    template <typename T>
    void number(const char* name, T& value, int64_t least = 0, int64_t most = number_max) {
        const json* field = find(name);
        if (field == nullptr) return;
        const bool big = field->is_number_unsigned() && field->get<uint64_t>() > number_max;
        if (!field->is_number_integer() || big || field->get<int64_t>() < least ||
            field->get<int64_t>() > most) {
            return complain(fmt::format("{}: a number from {} to {} is needed", name, least, most));
        }
        value = static_cast<T>(field->get<int64_t>());
    }
    // What a client altered may say anything.
    void any_number(const char* name, uint64_t& value) {
        const json* field = find(name);
        if (field == nullptr) return;
        if (!field->is_number_unsigned()) {
            return complain(fmt::format("{}: a number from 0 to {} is needed", name, UINT64_MAX));
        }
        value = field->get<uint64_t>();
    }
    void small(const char* name, uint32_t& value) { number(name, value, 0, UINT32_MAX); }
    void flag(const char* name, bool& value) {
        const json* field = find(name);
        if (field == nullptr) return;
        if (!field->is_boolean()) return complain(fmt::format("{}: true or false is needed", name));
        value = field->get<bool>();
    }
    void text(const char* name, std::string& value) {
        const json* field = find(name);
        if (field == nullptr) return;
        if (!field->is_string() || field->get_ref<const std::string&>().size() > history_text_bytes_max) {
            return complain(fmt::format("{}: a text of at most {} bytes is needed", name,
                                        history_text_bytes_max));
        }
        value = field->get<std::string>();
    }
    void hash(const char* name, uint64_t& value) {
        std::string digits;
        text(name, digits);
        const auto [end, error] =
            std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
        if (error == std::errc() && end == digits.data() + digits.size() && digits.size() == 16) return;
        complain(fmt::format("{}: 16 hexadecimal digits are needed", name));
    }
    void error(const char* name, ErrorCode& value) {
        std::string text_value;
        text(name, text_value);
        if (text_value.empty()) return;
        value = ErrorCode::protocol_error;  // what another system may call it
        for (uint16_t number = 0; number < error_numbers; ++number) {
            const ErrorCode code = error_code_from(number);
            if (static_cast<uint16_t>(code) == number && error_name(code) == text_value) value = code;
        }
    }
    template <typename Read>
    void list(const char* name, Read read) {
        const json* field = find(name);
        if (field == nullptr) return;
        if (!field->is_array() || field->size() > history_parts_max) {
            return complain(fmt::format("{}: a list of at most {} is needed", name, history_parts_max));
        }
        for (const json& element : *field) read(element);
    }
    template <typename Read>
    void object(const char* name, Read read) {
        const json* field = find(name);
        if (field == nullptr) return;
        Fields inner(*field, wrong_);
        read(inner);
    }
    void need(const char* name) {
        if (find(name) == nullptr) complain(fmt::format("{} is missing", name));
    }
    void complain(std::string what) {
        if (wrong_.empty()) wrong_ = std::move(what);
    }

private:
    const json* find(const char* name) const {
        if (!object_.is_object()) return nullptr;
        const auto found = object_.find(name);
        return found == object_.end() ? nullptr : &*found;
    }
    const json& object_;
    std::string& wrong_;
};

SentMessage read_sent(const json& element, std::string& wrong) {
    SentMessage m;
    Fields in(element, wrong);
    in.hash("hash", m.hash);
    in.small("bytes", m.size_bytes);
    in.number("delay_ms", m.delay_ms, -1);
    in.text("group_id", m.group_id);
    in.text("dedup_id", m.dedup_id);
    in.error("error", m.error);
    in.number("seq", m.seq.value);
    in.number("limit", m.limit, -1);
    in.number("actual", m.actual, -1);
    return m;
}

SeenMessage read_seen(const json& element, std::string& wrong) {
    SeenMessage m;
    Fields in(element, wrong);
    in.need("seq");
    in.number("seq", m.seq.value);
    in.hash("hash", m.hash);
    in.small("bytes", m.size_bytes);
    in.small("epoch", m.epoch.value);
    in.small("receive_count", m.receive_count);
    in.number("sent", m.sent.ms);
    in.number("first_received", m.first_received.ms);
    in.number("leased_until", m.leased_until.ms);
    std::string state;
    in.text("state", state);
    if (state == "ready") m.state = queue::MessageState::ready;
    else if (state == "delayed") m.state = queue::MessageState::delayed;
    else if (!state.empty() && state != "leased") in.complain("state: ready, delayed or leased");
    in.text("group_id", m.group_id);
    in.text("from_queue", m.from_queue);
    in.number("from_seq", m.from_seq.value);
    return m;
}

ReceiptUse read_receipt(const json& element, std::string& wrong) {
    ReceiptUse use;
    Fields in(element, wrong);
    in.any_number("queue", use.receipt.queue.value);
    in.any_number("seq", use.receipt.seq.value);
    in.small("epoch", use.receipt.epoch.value);
    in.flag("genuine", use.genuine);
    in.number("visibility_ms", use.visibility_ms);
    in.error("error", use.result);
    return use;
}

void read_attributes(Fields& in, QueueAttributes& a, QueuePolicy& p) {
    in.number("message_bytes_max", a.message_bytes_max);
    in.number("queue_messages_max", a.queue_messages_max);
    in.number("queue_bytes_max", a.queue_bytes_max);
    bool drop_oldest = false;
    in.flag("drop_oldest", drop_oldest);
    a.overflow = drop_oldest ? Overflow::drop_oldest : Overflow::reject;
    in.number("visibility_ms", a.visibility_ms);
    in.number("delay_ms", a.delay_ms);
    in.number("retention_ms", a.retention_ms);
    in.number("receive_wait_ms", a.receive_wait_ms);
    in.number("leased_messages_max", a.leased_messages_max);
    in.flag("fifo", p.fifo);
    in.number("dedup_window_ms", p.dedup_window_ms);
    in.small("receives_max", p.receives_max);
    in.text("dead_letter_queue", p.dead_letter_queue);
}

void read_counters(Fields& in, queue::Counters& c) {
    in.number("ready", c.ready);
    in.number("delayed", c.delayed);
    in.number("leased", c.leased);
    in.number("live_bytes", c.live_bytes);
    in.number("sent", c.sent);
    in.number("received", c.received);
    in.number("deleted", c.deleted);
    in.number("expired", c.expired);
    in.number("purged", c.purged);
    in.number("dropped", c.dropped);
}

template <typename Enum, typename Name>
void read_name(Fields& in, const char* field, Enum& value, size_t count, Name name_of) {
    std::string text;
    in.need(field);
    in.text(field, text);
    for (size_t i = 0; i < count; ++i) {
        if (name_of(static_cast<Enum>(i)) != text) continue;
        value = static_cast<Enum>(i);
        return;
    }
    in.complain(fmt::format("{}: not known", field));
}

bool about_a_queue(OpKind kind) {
    return kind != OpKind::grant && kind != OpKind::revoke && kind != OpKind::change_members;
}

void read_heading(Fields& in, Operation& op) {
    in.small("client", op.client);
    in.small("ordinal", op.ordinal);
    read_name(in, "kind", op.kind, op_kind_count, op_kind_name);
    in.text("queue", op.queue);
    in.text("user", op.user);
    in.text("subject", op.subject);
    in.need("invoked_ns");
    in.number("invoked_ns", op.invoked_ns);
    in.number("returned_ns", op.returned_ns);
    in.number("deadline_ns", op.deadline_ns);
    read_name(in, "outcome", op.outcome, op_outcome_count, op_outcome_name);
    in.error("error", op.error);
    in.text("detail", op.detail);
    in.flag("draining", op.draining);
    in.object("at", [&op](Fields& at) {
        at.number("queue", op.at.queue.value);
        at.number("group", op.at.group.value, 0, UINT32_MAX);
        at.number("index", op.at.index.value);
        at.number("time", op.at.time.ms);
    });
    if (op.returned_ns < op.invoked_ns) in.complain("returned_ns is before invoked_ns");
    if (!op.returned() && op.outcome != OpOutcome::info) {
        in.complain("without returned_ns the outcome is info");
    }
    if (about_a_queue(op.kind) && op.queue.empty()) in.complain("queue is missing");
}

Operation read_operation(const json& object, std::string& wrong) {
    Operation op;
    Fields in(object, wrong);
    read_heading(in, op);
    in.small("messages_max", op.messages_max);
    in.number("wait_ms", op.wait_ms, -1);
    in.number("visibility_ms", op.visibility_ms, -1);
    in.list("sent", [&](const json& e) { op.sent.push_back(read_sent(e, wrong)); });
    in.list("seen", [&](const json& e) { op.seen.push_back(read_seen(e, wrong)); });
    in.list("receipts", [&](const json& e) { op.receipts.push_back(read_receipt(e, wrong)); });
    in.object("attributes", [&op](Fields& a) { read_attributes(a, op.attributes, op.policy); });
    in.small("attribute_mask", op.attribute_mask);
    in.object("counters", [&op](Fields& c) { read_counters(c, op.counters); });
    in.number("purged", op.purged);
    const bool sends = op.kind == OpKind::send;
    const bool sees = op.kind == OpKind::receive || op.kind == OpKind::peek;
    const bool uses = op.kind == OpKind::remove || op.kind == OpKind::change_visibility;
    if (!op.sent.empty() && !sends) in.complain("sent belongs to a send");
    if (!op.seen.empty() && !sees) in.complain("seen belongs to a receive or peek");
    if (!op.receipts.empty() && !uses) in.complain("receipts belong to a delete or change_visibility");
    return op;
}

}  // namespace

Result<void> HistoryReader::line(std::string_view text) {
    ++number_;
    auto bad = [this](const std::string& why) {
        return fail(ErrorCode::invalid_argument, fmt::format("line {}: {}", number_, why));
    };
    if (text.size() > history_line_bytes_max) return bad("longer than 4 MiB");
    if (text.empty()) return {};
    if (ended_) return bad("something follows the end");
    const json object = json::parse(text, nullptr, false);
    if (object.is_discarded() || !object.is_object()) return bad("not a JSON object");
    std::string wrong;
    Fields in(object, wrong);
    std::string type;
    in.text("type", type);
    if (!began_) {
        uint32_t version = 0;
        in.small("version", version);
        if (type != "history" || version != 1) {
            return bad("the first line is {\"type\": \"history\", \"version\": 1, …}");
        }
        in.number("started_wall_ms", file_.options.started_wall_ms);
        in.number("clock_slack_ms", file_.options.clock_slack_ms);
        in.number("revocation_ms", file_.options.revocation_ms);
        in.flag("damage", file_.options.damage);
        in.number("prompt_ms", file_.options.prompt_ms);
        in.number("drain_ms", file_.options.drain_ms);
        began_ = true;
    } else if (type == "op") {
        if (file_.history.operations.size() == history_operations_max) return bad("too many operations");
        file_.history.operations.push_back(read_operation(object, wrong));
    } else if (type == "phase") {
        Phase phase;
        in.text("name", phase.name);
        in.number("from_ns", phase.from_ns);
        in.number("until_ns", phase.until_ns);
        in.text("subject", phase.subject);
        if (file_.history.phases.size() == history_parts_max) return bad("too many phases");
        file_.history.phases.push_back(std::move(phase));
    } else if (type == "end") {
        in.number("ended_ns", file_.history.ended_ns);
        in.flag("drained", file_.history.drained);
        ended_ = true;
    } else {
        return bad("type is op, phase or end");
    }
    if (!wrong.empty()) return bad(wrong);
    return {};
}

Result<HistoryFile> HistoryReader::finish() {
    if (!began_) return fail(ErrorCode::invalid_argument, "there is no line");
    if (!ended_) {
        return fail(ErrorCode::invalid_argument,
                    fmt::format("line {}: the last line is {{\"type\": \"end\", …}}; the file is cut",
                                number_));
    }
    auto& ops = file_.history.operations;
    std::stable_sort(ops.begin(), ops.end(), [](const Operation& a, const Operation& b) {
        return a.invoked_ns < b.invoked_ns;
    });
    return std::move(file_);
}

Result<HistoryFile> parse_history(std::string_view text) {
    HistoryReader reader;
    while (!text.empty()) {
        const size_t end = std::min(text.find('\n'), text.size());
        if (auto read = reader.line(text.substr(0, end)); !read) {
            return fail(read.error().code, read.error().detail);
        }
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return reader.finish();
}

}  // namespace quern::harness
