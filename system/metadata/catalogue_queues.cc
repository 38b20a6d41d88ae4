#include "system/base/log.h"
#include "system/base/planted_bug.h"
#include "system/metadata/catalogue_state.h"
#include "system/metadata/validate.h"

namespace quern::metadata {

namespace {

Error no_such_queue(const QueueName& name) {
    return Error(
        ErrorCode::queue_does_not_exist,
        "there is no queue \"" + printable(name.name, limits::queue_name_bytes_max) + "\"");
}

Error another_incarnation(const QueueName& name) {
    return Error(ErrorCode::stale_catalogue,
                 "queue \"" + name.name + "\" was deleted and made anew since it was looked up");
}

quern::Result<void> validate_creation(const CreateQueue& command) {
    if (auto valid = validate_account(command.name.account); !valid) return valid;
    if (auto valid = validate_queue_name(command.name.name); !valid) return valid;
    if (command.name.name.ends_with(".fifo")) {
        return fail(ErrorCode::not_supported, "FIFO queues are not supported by this version");
    }
    if (auto valid = validate_attributes(command.attributes); !valid) return valid;
    return validate_tags(command.tags);
}

}  // namespace

void CatalogueState::load_changed(GroupId group, int64_t by) {
    auto found = active_in_group.find(group);
    QUERN_ASSERT(found != active_in_group.end());
    groups_by_load.erase({found->second, group});
    found->second = static_cast<uint64_t>(static_cast<int64_t>(found->second) + by);
    groups_by_load.emplace(found->second, group);
}

void CatalogueState::add_queue(QueueRecord record) {
    const QueueId id = record.id;
    queue_records_bytes += record_bytes(record);
    if (record.state == QueueStateKind::active) {
        names.emplace(record.name, id);
        load_changed(record.group, 1);
    } else {
        deleting.emplace(record.name, id);
    }
    const bool inserted = queues.emplace(id, std::move(record)).second;
    QUERN_ASSERT(inserted);
}

CatalogueState::Result CatalogueState::run(const CreateQueue& command) {
    if (auto valid = validate_creation(command); !valid) return valid.error();
    if (const QueueRecord* existing = find_queue(command.name)) {
        if (existing->attributes == command.attributes) return *existing;
        return Error(ErrorCode::queue_already_exists,
                     "queue \"" + command.name.name + "\" exists with other attributes");
    }
    // Not beside one that may still take requests by the name.
    const auto older = deleting.lower_bound({command.name, QueueId{}});
    const bool undropped = older != deleting.end() && older->first == command.name;
    if (undropped && !PLANTED(successor_before_drop)) return queues.at(older->second);
    if (queues.size() >= bounds.queues_max) {
        return Error(ErrorCode::over_limit, "the cluster has too many queues",
                     static_cast<int64_t>(bounds.queues_max), static_cast<int64_t>(queues.size()));
    }
    QUERN_ASSERT(!groups_by_load.empty());
    const bool reuse = PLANTED(queue_id_reused) && !queues.empty();
    QueueRecord record{.id = reuse ? queues.rbegin()->first.next() : QueueId(version.value + 1),
                       .name = command.name,
                       .group = groups_by_load.begin()->second,
                       .attributes = command.attributes,
                       .tags = command.tags,
                       .version = version.next(),
                       .created = time,
                       .modified = time};
    const size_t bytes = queue_records_bytes + record_bytes(record);
    if (bytes > bounds.queue_records_bytes_max) {
        return Error(ErrorCode::over_limit, "the records of all queues are too large",
                     static_cast<int64_t>(bounds.queue_records_bytes_max),
                     static_cast<int64_t>(bytes));
    }
    raise_version();
    add_queue(record);
    return announce(record);
}

CatalogueState::Result CatalogueState::run(const DeleteQueue& command) {
    const auto name = names.find(command.name);
    if (name == names.end()) return no_such_queue(command.name);
    if (command.queue && command.queue != name->second) return another_incarnation(command.name);
    QueueRecord& record = queues.at(name->second);
    record.version = raise_version();
    record.modified = time;
    record.state = QueueStateKind::deleting;
    names.erase(name);
    deleting.emplace(record.name, record.id);
    load_changed(record.group, -1);
    announce(QueueRemoved{record.id, record.name});
    return record;
}

CatalogueState::Result CatalogueState::run(const ForgetQueue& command) {
    const auto found = queues.find(command.queue);
    if (found == queues.end()) return std::monostate{};
    if (found->second.state != QueueStateKind::deleting) {
        return Error(ErrorCode::invalid_argument, "an active queue cannot be forgotten");
    }
    raise_version();
    queue_records_bytes -= record_bytes(found->second);
    deleting.erase({found->second.name, command.queue});
    queues.erase(found);
    return std::monostate{};
}

CatalogueState::Result CatalogueState::run(const SetQueueAttributes& command) {
    const QueueRecord* existing = find_queue(command.name);
    if (existing == nullptr) return no_such_queue(command.name);
    if (command.queue && command.queue != existing->id) return another_incarnation(command.name);
    if ((command.mask & ~attribute_mask_all()) != 0) {
        return Error(ErrorCode::invalid_attribute, "the request names an unknown attribute");
    }
    QueueRecord record = *existing;
    record.attributes = merge_attributes(record.attributes, command.attributes, command.mask);
    if (auto valid = validate_attributes(record.attributes); !valid) return valid.error();
    if (record.attributes == existing->attributes) return *existing;
    return update_queue(std::move(record));
}

CatalogueState::Result CatalogueState::run(const TagQueue& command) {
    const QueueRecord* existing = find_queue(command.name);
    if (existing == nullptr) return no_such_queue(command.name);
    if (command.queue && command.queue != existing->id) return another_incarnation(command.name);
    QueueRecord record = *existing;
    for (const std::string& key : command.remove)
        record.tags.erase(key);
    for (const auto& [key, value] : command.set)
        record.tags.insert_or_assign(key, value);
    if (auto valid = validate_tags(record.tags); !valid) return valid.error();
    if (record.tags == existing->tags) return *existing;
    const size_t bytes = queue_records_bytes - record_bytes(*existing) + record_bytes(record);
    if (bytes > bounds.queue_records_bytes_max && record_bytes(record) > record_bytes(*existing)) {
        return Error(ErrorCode::over_limit, "the records of all queues are too large",
                     static_cast<int64_t>(bounds.queue_records_bytes_max),
                     static_cast<int64_t>(bytes));
    }
    return update_queue(std::move(record));
}

QueueRecord CatalogueState::update_queue(QueueRecord record) {
    QueueRecord& stored = queues.at(record.id);
    record.version = raise_version();
    record.modified = time;
    queue_records_bytes = queue_records_bytes - record_bytes(stored) + record_bytes(record);
    stored = std::move(record);
    return announce(stored);
}

}  // namespace quern::metadata
