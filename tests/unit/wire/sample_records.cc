#include "tests/unit/wire/samples.h"

namespace quern::wire::samples {

QueueAttributes attributes(Prng& prng) {
    QueueAttributes a;
    a.message_bytes_max = prng.next();
    a.queue_messages_max = prng.next();
    a.queue_bytes_max = prng.next();
    a.overflow = static_cast<Overflow>(prng.below(2));
    a.visibility_ms = signed_number(prng);
    a.delay_ms = signed_number(prng);
    a.retention_ms = signed_number(prng);
    a.receive_wait_ms = signed_number(prng);
    a.leased_messages_max = prng.next();
    return a;
}

metadata::Grant grant(Prng& prng) {
    return {static_cast<metadata::Effect>(prng.below(2)), number32(prng) & metadata::all_actions,
            text(prng)};
}

metadata::AccessKey key(Prng& prng) { return {text(prng), bytes(prng)}; }

metadata::QueueRecord queue_record(Prng& prng) {
    metadata::QueueRecord record;
    record.id = QueueId(prng.next());
    record.name = {text(prng), text(prng)};
    record.group = GroupId(number32(prng));
    record.attributes = attributes(prng);
    record.tags = tags(prng);
    record.version = CatalogueVersion(prng.next());
    record.created = {signed_number(prng)};
    record.modified = {signed_number(prng)};
    record.state = static_cast<metadata::QueueStateKind>(prng.below(2));
    return record;
}

metadata::UserRecord user_record(Prng& prng) {
    metadata::UserRecord record;
    record.id = UserId(prng.next());
    record.name = text(prng);
    record.account = text(prng);
    record.keys = list(prng, key, 2);
    record.grants = list(prng, grant);
    record.version = CatalogueVersion(prng.next());
    return record;
}

metadata::NodeRecord node_record(Prng& prng) {
    metadata::NodeRecord record;
    record.id = NodeId(number32(prng));
    record.uuid = uuid(prng);
    record.host = text(prng);
    record.peer_port = static_cast<uint16_t>(prng.next());
    record.client_port = static_cast<uint16_t>(prng.next());
    record.storage = prng.chance(1, 2);
    record.state = static_cast<metadata::NodeStateKind>(prng.below(3));
    record.version = CatalogueVersion(prng.next());
    return record;
}

metadata::GroupRecord group_record(Prng& prng) {
    metadata::GroupRecord record;
    record.id = GroupId(number32(prng));
    record.incarnation = uuid(prng);
    record.replicas = nodes(prng);
    record.version = CatalogueVersion(prng.next());
    return record;
}

}  // namespace quern::wire::samples
