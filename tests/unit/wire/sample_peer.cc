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
        m.transfer = prng.chance(1, 2);
        if (m.kind != raft::MessageKind::append_request) continue;
        m.entries = list(prng, [](Prng& p) {
            return raft::Entry{LogIndex(p.next()), Term(p.next()),
                               static_cast<raft::EntryKind>(p.below(3)), bytes(p)};
        });
    }
    return result;
}

}  // namespace quern::wire::samples
