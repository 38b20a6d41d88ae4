#include "tests/unit/wire/samples.h"

namespace quern::wire::samples {

std::vector<RaftMessage> raft_messages(Prng& prng, size_t count) {
    std::vector<RaftMessage> result(count);
    for (RaftMessage& one : result) {
        one.incarnation = uuid(prng);
        raft::Message& m = one.message;
        m.kind = static_cast<raft::MessageKind>(prng.below(9));
        m.group = GroupId(number32(prng));
        m.from = NodeId(number32(prng));
        m.to = NodeId(number32(prng));
        m.term = Term(prng.next());
        m.index = LogIndex(prng.next());
        m.log_term = Term(prng.next());
        m.commit = LogIndex(prng.next());
        m.hint_index = LogIndex(prng.next());
        m.hint_term = Term(prng.next());
        m.context = prng.next();
        m.reject = prng.chance(1, 2);
        m.recovering = prng.chance(1, 2);
        m.relayed = prng.chance(1, 2);
        m.transfer = prng.chance(1, 2);
        if (m.kind != raft::MessageKind::append_request) continue;
        m.entries = list(prng, [](Prng& p) {
            return raft::Entry{LogIndex(p.next()), Term(p.next()),
                               static_cast<raft::EntryKind>(p.below(3)), bytes(p)};
        });
    }
    return result;
}

metadata::Command metadata_command(Prng& prng, size_t alternative) {
    metadata::Command command;
    command.token = token(prng);
    command.principal = UserId(prng.next());
    command.authorised_at = CatalogueVersion(prng.next());
    auto& o = command.operation;
    switch (alternative) {
        case 0: {
            metadata::Bootstrap bootstrap;
            bootstrap.cluster = uuid(prng);
            bootstrap.nodes = list(prng, node_record);
            bootstrap.data_groups = number32(prng);
            bootstrap.replication = number32(prng);
            bootstrap.seed = uuid(prng);
            bootstrap.first_user = user_record(prng);
            o = bootstrap;
            break;
        }
        case 1:
            o = metadata::CreateQueue{{text(prng), text(prng)}, attributes(prng), tags(prng)};
            break;
        case 2: o = metadata::DeleteQueue{{text(prng), text(prng)}, QueueId(prng.next())}; break;
        case 3: o = metadata::ForgetQueue{QueueId(prng.next())}; break;
        case 4:
            o = metadata::SetQueueAttributes{{text(prng), text(prng)}, attributes(prng),
                                             number32(prng), QueueId(prng.next())};
            break;
        case 5:
            o = metadata::TagQueue{{text(prng), text(prng)},
                                   tags(prng),
                                   list(prng, [](Prng& p) { return text(p); }),
                                   QueueId(prng.next())};
            break;
        case 6: o = metadata::CreateUser{text(prng), text(prng), key(prng)}; break;
        case 7: o = metadata::DeleteUser{text(prng)}; break;
        case 8: o = metadata::AddAccessKey{text(prng), key(prng)}; break;
        case 9: o = metadata::RemoveAccessKey{text(prng), text(prng)}; break;
        case 10: o = metadata::AddGrant{text(prng), grant(prng)}; break;
        case 11: o = metadata::RemoveGrant{text(prng), grant(prng)}; break;
        case 12: o = metadata::UpdateNode{node_record(prng)}; break;
        default: o = metadata::Tick{}; break;
    }
    return command;
}

Query query(Prng& prng, size_t alternative) {
    switch (alternative) {
        case 0: return FindQueue{{text(prng), text(prng)}};
        case 1: return FindQueueById{QueueId(prng.next())};
        case 2: return FindUser{text(prng)};
        case 3: return Watch{CatalogueVersion(prng.next())};
        case 4: return ListQueues{text(prng), text(prng), text(prng), number32(prng)};
        case 5: return ListUsers{text(prng), number32(prng)};
        case 6: return ListDeleting{};
        case 7: return GroupStatus{};
        case 8: return Change{metadata_command(prng, prng.below(metadata_command_count))};
        default: return TransferLeader{GroupId(number32(prng)), NodeId(number32(prng))};
    }
}

namespace {

metadata::Change change(Prng& prng) {
    metadata::Change result;
    result.version = CatalogueVersion(prng.next());
    switch (prng.below(6)) {
        case 0: result.record = queue_record(prng); break;
        case 1:
            result.record =
                metadata::QueueRemoved{QueueId(prng.next()), {text(prng), text(prng)}};
            break;
        case 2: result.record = user_record(prng); break;
        case 3:
            result.record = metadata::UserRemoved{UserId(prng.next()), text(prng),
                                                  list(prng, [](Prng& p) { return text(p); })};
            break;
        case 4: result.record = node_record(prng); break;
        default: result.record = group_record(prng); break;
    }
    return result;
}

metadata::Reply reply(Prng& prng) {
    metadata::Reply result;
    switch (prng.below(5)) {
        case 0: result.result = queue_record(prng); break;
        case 1: result.result = user_record(prng); break;
        case 2: result.result = node_record(prng); break;
        case 3: result.result = error(prng); break;
        default: break;
    }
    result.version = CatalogueVersion(prng.next());
    result.repeated = prng.chance(1, 2);
    return result;
}

GroupStatusAnswer::Group hosted_group(Prng& prng) {
    return {GroupId(number32(prng)),  Term(prng.next()),     NodeId(number32(prng)),
            prng.chance(1, 2),        LogIndex(prng.next()), LogIndex(prng.next())};
}

}  // namespace

QueryReply query_reply(Prng& prng, size_t alternative) {
    QueryReply result;
    if (prng.chance(1, 2)) result.error = error(prng);
    result.leader = NodeId(number32(prng));
    result.version = CatalogueVersion(prng.next());
    result.policy_version = CatalogueVersion(prng.next());
    result.cluster = uuid(prng);
    result.time = {signed_number(prng)};
    auto& answer = result.answer;
    const bool found = prng.chance(2, 3);
    switch (alternative) {
        case 0: break;
        case 1: answer = found ? QueueAnswer{queue_record(prng)} : QueueAnswer{}; break;
        case 2: answer = found ? UserAnswer{user_record(prng)} : UserAnswer{}; break;
        case 3:
            answer = WatchAnswer{found, list(prng, change), list(prng, node_record),
                                 list(prng, group_record), prng.below(2) == 1};
            break;
        case 4: answer = QueueListAnswer{list(prng, queue_record), found}; break;
        case 5: answer = UserListAnswer{list(prng, user_record), prng.chance(1, 2)}; break;
        case 6: answer = GroupStatusAnswer{list(prng, hosted_group), prng.next(), prng.next()}; break;
        default: answer = ChangeAnswer{reply(prng)}; break;
    }
    return result;
}

}  // namespace quern::wire::samples
