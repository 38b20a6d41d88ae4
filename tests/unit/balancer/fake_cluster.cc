#include "tests/unit/balancer/fake_cluster.h"

#include "system/metadata/secret_box.h"

namespace quern::balancer {

namespace {

constexpr uint16_t client_port = 9000;
const std::vector<uint8_t> cluster_secret(32, 0x42);
const ClusterId cluster_id{7, 7};

Buffer sealed(const Key& key, const Credentials& credentials, uint64_t n) {
    metadata::Nonce nonce{};
    nonce[0] = static_cast<uint8_t>(n);
    Result<Buffer> result =
        metadata::seal_secret(key, nonce, credentials.key_id, credentials.secret);
    QUERN_ASSERT(result.has_value());
    return *result;
}

}  // namespace

FakeCluster::FakeCluster(uint64_t seed, uint32_t node_count)
    : world({.seed = seed, .fabric = {}}) {
    bootstrap(node_count);
    for (uint32_t i = 1; i <= node_count; ++i) {
        sim::MachineOptions host;
        host.name = "n" + std::to_string(i);
        auto node =
            std::make_unique<FakeNode>(world.add_machine(host), NodeId(i),
                                       wire::peer_secret(cluster_secret));
        node->on_forward = [this](const Forwarded& seen) { return answer(seen); };
        node->on_query = [this](NodeId id, const wire::Query& query) {
            return answer_query(id, query);
        };
        nodes.emplace(NodeId(i), std::move(node));
    }
    sim::MachineOptions host;
    host.name = "lb";
    balancer_machine = &world.add_machine(host);
    host.name = "cl";
    client_machine = &world.add_machine(host);
    options.client_at = {"lb", client_port};
    options.self = NodeId(9);
    options.self_uuid = {9, 9};
    options.cluster = cluster_id;
    options.cluster_secret = cluster_secret;
    for (const metadata::NodeRecord& record : catalogue.nodes()) options.seeds.push_back(record);
    balancer = std::make_unique<Balancer>(balancer_machine->env(), options, nullptr);
    QUERN_ASSERT(balancer->start().has_value());
}

void FakeCluster::bootstrap(uint32_t node_count) {
    options.key_encryption_key.fill(0x33);
    administrator = {"QKADMINISTRATOR", "the administrator's secret"};
    metadata::Bootstrap bootstrap;
    bootstrap.cluster = cluster_id;
    for (uint32_t i = 1; i <= node_count; ++i) {
        metadata::NodeRecord record;
        record.id = NodeId(i);
        record.uuid = {i, i};
        record.host = "n" + std::to_string(i);
        record.peer_port = peer_port;
        bootstrap.nodes.push_back(record);
    }
    bootstrap.data_groups = 2;
    bootstrap.seed = {1, 2};
    bootstrap.first_user.name = "admin";
    bootstrap.first_user.account = metadata::default_account;
    bootstrap.first_user.keys.push_back(
        {administrator.key_id, sealed(options.key_encryption_key, administrator, 1)});
    const metadata::Reply reply = change(std::move(bootstrap));
    QUERN_ASSERT(!std::holds_alternative<Error>(reply.result));
    for (uint32_t group = 0; group <= 2; ++group) leaders[GroupId(group)] = NodeId(1 + group);
}

metadata::Reply FakeCluster::change(Operation operation, Token token) {
    metadata::Command command;
    command.token = token;
    command.operation = std::move(operation);
    return apply(command);
}

metadata::Reply FakeCluster::apply(const metadata::Command& command) {
    catalogue.begin_entry(index_ = index_.next(), now);
    return catalogue.apply(command);
}

metadata::QueueRecord FakeCluster::create(const std::string& name) {
    const metadata::Reply reply =
        change(metadata::CreateQueue{{metadata::default_account, name}, {}, {}});
    const auto& record = std::get<metadata::QueueRecord>(reply.result);
    known[record.id] = record.version;
    return record;
}

Credentials FakeCluster::add_user(const std::string& name, std::vector<metadata::Grant> grants) {
    Credentials credentials{"QKUSER" + std::to_string(++next_key_), "secret of " + name};
    change(metadata::CreateUser{
        name, metadata::default_account,
        {credentials.key_id, sealed(options.key_encryption_key, credentials, 1 + next_key_)}});
    for (metadata::Grant& grant : grants) change(metadata::AddGrant{name, grant});
    return credentials;
}

std::unique_ptr<Client> FakeCluster::client(const Credentials& as) {
    return std::make_unique<Client>(world, *client_machine, balancer->client_endpoint(), as);
}

std::unique_ptr<Client> FakeCluster::connected(const Credentials& as) {
    auto result = client(as);
    QUERN_ASSERT(result->connect());
    return result;
}

std::vector<Forwarded> FakeCluster::client_forwards() const {
    std::vector<Forwarded> result;
    for (const Forwarded& seen : order) {
        if (seen.request) result.push_back(seen);
    }
    return result;
}

// --- answers of a healthy cluster ---------------------------------------------------------------------

namespace {

wire::ResponseBody body_of(const wire::Request& request) {
    if (const auto* send = std::get_if<wire::SendRequest>(&request.operation)) {
        wire::SendResponse body;
        for (size_t i = 0; i < send->entries.size(); ++i) {
            body.results.push_back({ErrorCode::ok, MessageSeq(i + 1), -1, -1});
        }
        return body;
    }
    if (std::holds_alternative<wire::ReceiveRequest>(request.operation)) {
        return wire::ReceiveResponse{};
    }
    if (std::holds_alternative<wire::QueueStatusRequest>(request.operation)) {
        wire::QueueStatusResponse body;
        body.counters.ready = 5;
        return body;
    }
    if (std::holds_alternative<wire::PeekRequest>(request.operation)) return wire::PeekResponse{};
    return wire::PurgeResponse{3};
}

template <typename Record>
std::optional<Record> copy_of(const Record* record) {
    return record != nullptr ? std::optional<Record>(*record) : std::nullopt;
}

}  // namespace

std::optional<wire::Response> FakeCluster::answer(const Forwarded& seen) {
    const wire::ForwardHeader& header = seen.header;
    order.push_back(seen);
    const NodeId leader = leaders.at(header.group);
    if (leader != seen.node) return refusal(ErrorCode::not_leader, leader);
    wire::Response response;
    response.queue = header.queue;
    response.group = header.group;
    response.index = LogIndex(100);
    response.leader = leader;
    if (header.kind == wire::ForwardHeader::Kind::ensure_queue) {
        if (std::max(header.record_version, header.authorised_at) < floor) {
            return refusal(ErrorCode::stale_catalogue, leader);
        }
        known[header.queue] = std::max(known[header.queue], header.record_version);
        return response;
    }
    if (header.kind == wire::ForwardHeader::Kind::drop_queue) {
        known.erase(header.queue);
        dropped.insert(header.queue);
        floor = std::max(floor, header.record_version);
        return response;
    }
    if (header.authorised_at < catalogue.policy_version()) {
        return refusal(ErrorCode::stale_catalogue, leader);
    }
    auto record = known.find(header.queue);
    if (record == known.end()) return refusal(ErrorCode::needs_attributes, leader);
    if (header.record_version < record->second) return refusal(ErrorCode::stale_catalogue, leader);
    if (header.record_version > record->second) {
        return refusal(ErrorCode::needs_attributes, leader);
    }
    response.body = body_of(*seen.request);
    return response;
}

std::optional<wire::QueryReply> FakeCluster::answer_query(NodeId node, const wire::Query& query) {
    wire::QueryReply reply;
    reply.cluster = catalogue.cluster();
    reply.time = now;
    reply.leader = leaders.at(metadata_group);
    if (std::holds_alternative<wire::GroupStatus>(query)) {
        wire::GroupStatusAnswer answer;
        for (const auto& [group, leader] : leaders) {
            answer.groups.push_back({group, Term(2), leader, leader == node, LogIndex(9), LogIndex(9)});
        }
        answer.queues = 4;
        reply.answer = answer;
        return reply;
    }
    const auto* transfer = std::get_if<wire::TransferLeader>(&query);
    const NodeId leader = leaders.at(transfer != nullptr ? transfer->group : metadata_group);
    if (leader != node) {
        reply.error = Error(ErrorCode::not_leader);
        reply.leader = leader;
        return reply;
    }
    if (transfer != nullptr) {
        leaders[transfer->group] = transfer->target;
    } else if (const auto* asked = std::get_if<wire::Change>(&query)) {
        reply.answer = wire::ChangeAnswer{apply(asked->command)};
        if (lose_answers > 0 && lose_answers-- > 0) return std::nullopt;
    }
    reply.version = catalogue.version();
    reply.policy_version = catalogue.policy_version();
    read_catalogue(query, reply);
    return reply;
}

void FakeCluster::read_catalogue(const wire::Query& query, wire::QueryReply& reply) const {
    if (const auto* name = std::get_if<wire::FindQueue>(&query)) {
        reply.answer = wire::QueueAnswer{copy_of(catalogue.find_queue(name->name))};
    } else if (const auto* id = std::get_if<wire::FindQueueById>(&query)) {
        reply.answer = wire::QueueAnswer{copy_of(catalogue.find_queue(id->id))};
    } else if (const auto* user = std::get_if<wire::FindUser>(&query)) {
        reply.answer = wire::UserAnswer{copy_of(catalogue.find_user_by_key(user->key_id))};
    } else if (const auto* watch = std::get_if<wire::Watch>(&query)) {
        wire::WatchAnswer answer;
        auto changes = catalogue.changes_since(watch->since, 1000);
        answer.reset = !changes || !watch->since;
        if (answer.reset) {
            answer.nodes = catalogue.nodes();
            answer.groups = catalogue.groups();
        } else {
            answer.changes = *changes;
        }
        reply.answer = answer;
    } else if (const auto* list = std::get_if<wire::ListQueues>(&query)) {
        wire::QueueListAnswer answer;
        for (const auto* record : catalogue.list_queues(list->account, list->prefix, list->after,
                                                        list->count_max)) {
            answer.records.push_back(*record);
        }
        reply.answer = answer;
    } else if (const auto* users = std::get_if<wire::ListUsers>(&query)) {
        wire::UserListAnswer answer;
        for (const auto* record : catalogue.list_users(users->after, users->count_max)) {
            answer.records.push_back(*record);
        }
        reply.answer = answer;
    } else if (std::holds_alternative<wire::ListDeleting>(query)) {
        wire::QueueListAnswer answer;
        for (const QueueId queue : catalogue.deleting_queues()) {
            answer.records.push_back(*catalogue.find_queue(queue));
        }
        reply.answer = answer;
    }
}

// --- requests -----------------------------------------------------------------------------------------

wire::Request on_queue(const std::string& name, wire::Operation operation) {
    wire::Request request;
    request.queue_name = name;
    request.operation = std::move(operation);
    return request;
}

wire::Request on_queue(QueueId id, wire::Operation operation) {
    wire::Request request;
    request.queue = id;
    request.operation = std::move(operation);
    return request;
}

wire::SendRequest send_of(std::string_view body) {
    return {{{as_bytes(body), static_cast<uint32_t>(body.size()), -1}}};
}

Token token(uint64_t seq) {
    Token result;
    result.session = SessionId(77);
    result.seq = seq;
    return result;
}

wire::Response refusal(ErrorCode code, NodeId leader) {
    wire::Response response;
    response.error = Error(code, "as the test says");
    response.index = LogIndex(99);
    response.leader = leader;
    return response;
}

}  // namespace quern::balancer
