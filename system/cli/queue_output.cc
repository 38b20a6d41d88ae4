#include "system/cli/queue_output.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "system/base/log.h"
#include "system/cli/output.h"
#include "system/metadata/validate.h"
#include "system/queue/receipt.h"

namespace quern::cli {

namespace {

using Json = nlohmann::ordered_json;

void print_json(const Json& object) {
    fmt::print("{}\n", object.dump(-1, ' ', false, Json::error_handler_t::replace));
}

struct NamedCount {
    const char* name;
    uint64_t value;
};
std::vector<NamedCount> named(const queue::Counters& c) {
    return {{"ready", c.ready},       {"leased", c.leased},   {"delayed", c.delayed},
            {"live_bytes", c.live_bytes}, {"sent", c.sent},   {"received", c.received},
            {"deleted", c.deleted},   {"expired", c.expired}, {"purged", c.purged},
            {"dropped", c.dropped}};
}

std::string attribute_text(const QueueAttributes& attributes, const metadata::AttributeInfo& info) {
    const int64_t value = metadata::attribute_value(attributes, info);
    if (info.name == "overflow") return value == 0 ? "reject" : "drop_oldest";
    if (info.name.ends_with("_ms")) return duration_text(value);
    if (value == 0) return "none";
    return grouped(static_cast<uint64_t>(value));
}

std::string plain_name(std::string_view name) {
    if (name.ends_with("_ms")) name.remove_suffix(3);
    return std::string(name);
}

}  // namespace

std::string time_text(ClusterTime time) {
    const auto seconds = static_cast<std::time_t>(time.ms / 1000);
    return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(seconds), time.ms % 1000);
}

void print_queue(const wire::QueueStatusResponse& status, ClusterTime now) {
    std::vector<std::vector<std::string>> rows = {
        {"queue", status.record.name.name},
        {"created", time_text(status.record.created)},
        {"group", fmt::format("{} (leader: node {})", status.record.group.value, status.leader.value)}};
    if (status.oldest_sent != ClusterTime::never()) {
        rows.push_back({"oldest message", duration_text(std::max<int64_t>(
                                              0, now.ms - status.oldest_sent.ms)) + " old"});
    }
    for (const metadata::AttributeInfo& info : metadata::attribute_table())
        rows.push_back({plain_name(info.name), attribute_text(status.record.attributes, info)});
    for (const NamedCount& count : named(status.counters))
        rows.push_back({count.name, grouped(count.value)});
    for (const auto& [key, value] : status.record.tags)
        rows.push_back({"tag " + printable(key), printable(value)});
    print_table(rows);
}

void print_queue_json(const metadata::QueueRecord& record, const wire::QueueStatusResponse* status) {
    Json object{{"queue", record.name.name}, {"account", record.name.account},
                {"id", record.id.value},     {"group", record.group.value},
                {"created", time_text(record.created)}};
    Json& attributes = object["attributes"] = Json::object();
    for (const metadata::AttributeInfo& info : metadata::attribute_table()) {
        const int64_t value = metadata::attribute_value(record.attributes, info);
        if (info.name == "overflow") {
            attributes["overflow"] = value == 0 ? "reject" : "drop_oldest";
        } else {
            attributes[std::string(info.name)] = value;
        }
    }
    object["tags"] = record.tags;
    if (status != nullptr) {
        object["leader"] = status->leader.value;
        Json& counters = object["counters"] = Json::object();
        for (const NamedCount& count : named(status->counters)) counters[count.name] = count.value;
    }
    print_json(object);
}

void print_names_json(const std::string& field, const std::vector<std::string>& names) {
    print_json(Json{{field, names}});
}

void print_done(const std::string& verb, const std::string& name, const std::string& sentence,
                bool json) {
    if (json) return print_json(Json{{verb, name}});
    fmt::print("{}\n", sentence);
}

void print_message(const wire::ReceivedMessage& message, QueueId queue, bool receipt, bool json) {
    const std::string_view body = message.content.text().substr(0, message.body_bytes);
    const std::string id = queue::message_id_to_text({queue, message.seq});
    const std::string receipt_text = receipt ? queue::receipt_to_text(message.receipt) : "";
    if (!json) {
        if (receipt) fmt::print("receipt {}\n", receipt_text);
        return (void)fmt::print("{}\n", body);
    }
    Json object{{"id", id}};
    if (is_text(body)) {
        object["body"] = body;
    } else {
        object["body_base64"] = base64(body);
    }
    if (receipt) object["receipt"] = receipt_text;
    object["receive_count"] = message.receive_count;
    object["sent"] = time_text(message.sent);
    if (receipt) object["leased_until"] = time_text(message.leased_until);
    print_json(object);
}

}  // namespace quern::cli
