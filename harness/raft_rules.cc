#include "harness/raft_rules.h"

#include <utility>

#include <fmt/format.h>

namespace quern::harness {

std::string replica_name(RaftRules::Who who) {
    return fmt::format("s{} group {}", who.node.value, who.group.value);
}

void RaftRules::restarted(Who who) {
    Replica& r = replica(who);
    r.applied = {};
    r.whole = true;
    r.apart = false;
    r.led = {};
}

bool RaftRules::leads(Who who, Term term) {
    const auto [leader, fresh] = groups_[who.group].leaders.try_emplace(term, who.node);
    if (leader->second != who.node) {
        found("R1", fmt::format("term {} of group {} has two leaders: s{} and s{}", term.value,
                                who.group.value, leader->second.value, who.node.value));
    }
    return fresh;
}

void RaftRules::leader_log(Who who, Term term, LogView log) {
    Replica& r = replica(who);
    if (r.led < term) {
        complete(who, term, log);
    } else if (r.led == term && log.last < r.led_to) {
        found("R2", fmt::format("{} leads term {} and its log shrank from {} to {}", replica_name(who),
                                term.value, r.led_to.value, log.last.value));
    } else if (r.led == term && r.led_to >= log.first && log.term_at(r.led_to) != r.led_last) {
        found("R2", fmt::format("{} leads term {} and replaced its entry {}", replica_name(who),
                                term.value, r.led_to.value));
    }
    r.led = std::max(r.led, term);
    r.led_to = log.last;
    r.led_last = log.last >= log.first ? log.term_at(log.last) : Term{};
}

// What was committed in earlier terms is in the log of who leads now.
void RaftRules::complete(Who who, Term term, LogView& log) {
    LogIndex committed = last(who.group);
    while (committed && term_at(who.group, committed) >= term) committed = committed.prev();
    if (log.last < committed) {
        return found("R4", fmt::format("{} leads term {} with entries up to {}; {} is committed",
                                       replica_name(who), term.value, log.last.value, committed.value));
    }
    for (LogIndex i = committed; i && i >= log.first; i = i.prev()) {
        const Term mine = log.term_at(i);
        if (mine == term_at(who.group, i)) continue;
        return found("R4", fmt::format("{} leads term {} with entry {} of term {}; committed is {}",
                                       replica_name(who), term.value, i.value, mine.value,
                                       term_at(who.group, i).value));
    }
}

void RaftRules::vote(Who who, Term term, NodeId grantee) {
    const auto [vote, fresh] = replica(who).votes.try_emplace(term, grantee);
    if (vote->second == grantee) return;
    found("R8", fmt::format("{} voted for s{} and s{} in term {}", replica_name(who),
                            vote->second.value, grantee.value, term.value));
}

void RaftRules::promise(Who who, bool kept, const std::string& text) {
    if (!kept) found("R7", replica_name(who) + " " + text);
}

void RaftRules::applied(Who who, const Applied& entry) {
    Group& g = groups_[who.group];
    Replica& r = replica(who);
    if (r.applied && entry.index != r.applied.next()) {
        found("R6", fmt::format("{} applied index {} after {}", replica_name(who), entry.index.value,
                                r.applied.value));
    }
    r.applied = entry.index;
    const LogIndex known = LogIndex(g.entries.size());
    if (entry.index > known.next()) {
        return found("R10", fmt::format("{} applied index {}, and nobody applied {}", replica_name(who),
                                        entry.index.value, known.next().value));
    }
    const bool as_before = bytes(who, entry.index, entry.term, entry.payload_hash, "applied");
    if (entry.index == known.next()) {
        g.entries.push_back({entry, who.node, r.whole});
    } else if (as_before) {
        compare(who, entry, g.entries[entry.index.value - 1]);
    }
}

void RaftRules::compare(Who who, const Applied& entry, const First& first) {
    Replica& r = replica(who);
    if (first.entry.term != entry.term) {
        return found("R3", fmt::format("{} applied another entry {} (term {}) than others did (term {})",
                                       replica_name(who), entry.index.value, entry.term.value,
                                       first.entry.term.value));
    }
    const bool was_apart = std::exchange(r.apart, first.entry.rolling_hash != entry.rolling_hash);
    if (!r.apart) return;
    if (r.whole && first.whole && !was_apart) {
        found("R16", fmt::format("{} and s{} have applied the same entries up to {}, the states before the "
                                 "last were equal, and those after it are not",
                                 replica_name(who), first.by.value, entry.index.value));
    } else {
        found("R5", fmt::format("{} has another state at index {} than others had", replica_name(who),
                                entry.index.value));
    }
}

void RaftRules::sent(Who who, LogIndex index, Term term, uint64_t payload_hash) {
    bytes(who, index, term, payload_hash, "sends");
}

uint64_t RaftRules::first_payload(GroupId group, LogIndex index, Term term, uint64_t if_new) {
    constexpr uint64_t usual_max = 1'000'000;
    Group& g = groups_[group];
    if (!index || index.value > usual_max) {
        return g.other_payloads.try_emplace({index, term}, if_new).first->second;
    }
    if (index.value > g.payloads.size()) g.payloads.resize(index.value);
    Payload& usual = g.payloads[index.value - 1];
    if (!usual.term) usual = {term, if_new};
    if (usual.term == term) return usual.hash;
    return g.other_payloads.try_emplace({index, term}, if_new).first->second;
}

// False if they differ from those that the entry had before.
bool RaftRules::bytes(Who who, LogIndex index, Term term, uint64_t payload_hash, const char* deed) {
    if (first_payload(who.group, index, term, payload_hash) == payload_hash) return true;
    found("R15", fmt::format("{} {} entry {} (term {}) with other bytes than it had before",
                             replica_name(who), deed, index.value, term.value));
    return false;
}

void RaftRules::restored(Who who, LogIndex index, uint64_t rolling_hash) {
    const Group& g = groups_[who.group];
    Replica& r = replica(who);
    if (index < r.applied) {
        found("R14", fmt::format("{} went back from {} to a snapshot at {}", replica_name(who),
                                 r.applied.value, index.value));
    }
    r.applied = index;
    r.whole = !index;
    r.apart = false;
    if (!index) return;
    if (index.value > g.entries.size()) {
        found("R14", fmt::format("{} restored a snapshot at {}, beyond what was ever applied ({})",
                                 replica_name(who), index.value, g.entries.size()));
    } else if (g.entries[index.value - 1].entry.rolling_hash != rolling_hash) {
        r.apart = true;
        found("R14", fmt::format("{} restored a snapshot at {} of another state", replica_name(who),
                                 index.value));
    }
}

void RaftRules::answer(Who who, LogIndex index, const std::vector<Voters>& voters) {
    for (const Voters& v : voters) {
        if (v.durable >= v.size / 2 + 1) continue;
        found("R9", fmt::format("{} answers a client at index {}, which is durable on {} of {} alone",
                                replica_name(who), index.value, v.durable, v.size));
    }
}

void RaftRules::recovered(Who who, LogIndex snapshot, LogIndex first, LogIndex last,
                          LogIndex durable) {
    if (first > snapshot.next()) {
        found("R10", fmt::format("{} recovered with a gap between its snapshot at {} and entry {}",
                                 replica_name(who), snapshot.value, first.value));
    }
    if (last > durable) {
        found("R10", fmt::format("{} recovered entries up to {}; its disk held them up to {}",
                                 replica_name(who), last.value, durable.value));
    }
}

void RaftRules::identity(Who who, uint64_t disk) {
    Replica& r = replica(who);
    if (r.disk != 0 && r.disk != disk) {
        found("R11", fmt::format("{} makes promises with a disk that does not know its earlier ones",
                                 replica_name(who)));
    }
    r.disk = disk;
}

void RaftRules::configuration(Who who, Term term, Members members, LogIndex commit, Term commit_term) {
    Group& g = groups_[who.group];
    if (g.configuration > commit && g.configuration < members.index) {
        found("R12", fmt::format("{} appends a configuration at {} while that at {} is not committed",
                                 replica_name(who), members.index.value, g.configuration.value));
    }
    if (commit_term != term) {
        found("R12", fmt::format("{} appends a configuration in term {} before it committed an entry of "
                                 "that term",
                                 replica_name(who), term.value));
    }
    if (!members.joint && members.changed > 1) {
        found("R12", fmt::format("{} changes {} voters at once without a joint configuration",
                                 replica_name(who), members.changed));
    }
    g.configuration = members.index;
}

LogIndex RaftRules::last(GroupId group) const {
    const auto found = groups_.find(group);
    return found == groups_.end() ? LogIndex{} : LogIndex(found->second.entries.size());
}

Term RaftRules::term_at(GroupId group, LogIndex index) const {
    const auto found = groups_.find(group);
    if (found == groups_.end() || !index || index.value > found->second.entries.size()) return {};
    return found->second.entries[index.value - 1].entry.term;
}

uint64_t RaftRules::rolling_hash(GroupId group) const {
    const auto found = groups_.find(group);
    if (found == groups_.end() || found->second.entries.empty()) return 0;
    return found->second.entries.back().entry.rolling_hash;
}

uint64_t RaftRules::term_count(GroupId group) const {
    const auto found = groups_.find(group);
    return found == groups_.end() ? 0 : found->second.leaders.size();
}

}  // namespace quern::harness
