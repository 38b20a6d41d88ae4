#include "tests/unit/storage/log_machine.h"

#include <ostream>

#include "system/storage/wal_parse.h"

namespace quern::test {

using namespace storage;

namespace {

constexpr const char* step_names[] = {"append", "overwrite", "vote",       "snapshot",   "remove", "wait",
                                      "time",   "read",      "kill",       "power_loss", "damage"};

// As storage is told, with the term of each.
std::vector<WalEntry> entries_of(const ModelGroup& group, uint32_t id, uint64_t from) {
    std::vector<WalEntry> list;
    for (auto entry = group.entries.lower_bound(from); entry != group.entries.end(); ++entry) {
        list.push_back({GroupId(id), LogIndex(entry->first), Term(entry->second.first), 1,
                        Buffer::copy_of(entry->second.second)});
    }
    return list;
}

}  // namespace

void showValue(const Step& step, std::ostream& out) {
    out << step_names[static_cast<size_t>(step.kind)] << " group=" << step.group << " at=" << step.at
        << " size=" << step.size << " count=" << step.count << " luck=" << step.luck
        << (step.new_term ? " new_term" : "");
}

rc::Gen<std::vector<Step>> generated_steps() {
    // Twice what there is most of; shrinks towards the first.
    const std::vector<StepKind> kinds = {StepKind::append,   StepKind::append,     StepKind::append,
                                         StepKind::wait,     StepKind::overwrite,  StepKind::overwrite,
                                         StepKind::vote,     StepKind::snapshot,   StepKind::kill,
                                         StepKind::kill,     StepKind::power_loss, StepKind::power_loss,
                                         StepKind::read,     StepKind::pass_time,  StepKind::damage,
                                         StepKind::remove};
    const auto below = [](uint64_t bound) {
        return rc::gen::resize(rc::kNominalSize, rc::gen::inRange<uint64_t>(0, bound));
    };
    const auto kind = rc::gen::map(below(kinds.size()), [kinds](uint64_t at) { return kinds[at]; });
    const auto size = rc::gen::oneOf(below(300), below(300), below(9'000));
    return rc::gen::container<std::vector<Step>>(rc::gen::build<Step>(
        rc::gen::set(&Step::kind, kind),
        rc::gen::set(&Step::group, rc::gen::map(below(3), [](uint64_t g) { return static_cast<uint32_t>(g); })),
        rc::gen::set(&Step::at, below(60)), rc::gen::set(&Step::size, size),
        rc::gen::set(&Step::count, below(4)), rc::gen::set(&Step::luck, below(1'000)),
        rc::gen::set(&Step::new_term)));
}

LogMachine::LogMachine() : states_(1) {
    world_.options.payload_cache_bytes = 1 << 20;
    QUERN_ASSERT(world_.format().has_value());
}

std::string LogMachine::run(const std::vector<Step>& steps) {
    std::string wrong = open();
    for (size_t i = 0; i < steps.size() && wrong.empty(); ++i) wrong = take(steps[i]);
    if (wrong.empty()) wrong = wait();
    return wrong;
}

std::string LogMachine::take(const Step& step) {
    switch (step.kind) {
        case StepKind::wait: return wait();
        case StepKind::pass_time: world_.run_for(Duration::milliseconds(100)); return {};
        case StepKind::read: return read(step);
        case StepKind::kill:
        case StepKind::power_loss: return stop_and_open(step);
        case StepKind::damage: return damage(step);
        default: write(step); return {};
    }
}

void LogMachine::submit(GroupChange change) {
    LogModel next = states_.back();
    next.apply(change);
    states_.push_back(std::move(next));
    node_->write({std::move(change)}, [this, n = states_.size() - 1](const Result<void>& done) {
        if (done) acknowledged_ = n;
    });
}

void LogMachine::write(const Step& step) {
    if (!states_.back().groups.contains(step.group)) {
        if (step.kind != StepKind::append) return;
        GroupChange creation = create_group(step.group);
        creation.incarnation.high = ++creations_;  // never twice
        submit(std::move(creation));
    }
    submit(change_of(step));
}

GroupChange LogMachine::change_of(const Step& step) {
    const ModelGroup& group = states_.back().groups.at(step.group);
    GroupChange change;
    change.group = GroupId(step.group);
    const uint64_t length = group.last() - group.snapshot;
    if (step.kind == StepKind::remove) {
        change.remove = true;
        return change;
    }
    if (step.kind == StepKind::snapshot && length > 0) {
        change.snapshot_index = LogIndex(group.snapshot + 1 + step.at % length);
        change.snapshot_term = Term(group.entries.at(change.snapshot_index.value).first);
        change.keep_suffix = step.luck % 8 != 0;
        return change;
    }
    const uint64_t term = std::max<uint64_t>(1, group.term) + (step.new_term ? 1 : 0);
    if (step.kind == StepKind::append || step.kind == StepKind::overwrite) {
        uint64_t first = group.last() + 1;
        if (step.kind == StepKind::overwrite && length > 0) {
            first = group.snapshot + 1 + step.at % length;
            change.truncate_from = LogIndex(first);
        }
        for (uint64_t i = 0; i <= step.count; ++i) {
            const std::string payload(1 + step.size, static_cast<char>('a' + states_.size() % 26));
            change.entries.push_back(
                {GroupId(step.group), LogIndex(first + i), Term(term), 1, Buffer::copy_of(payload)});
        }
    }
    change.has_hard_state = step.kind == StepKind::vote || term != group.term;
    change.term = Term(term);
    change.voted_for = NodeId(static_cast<uint32_t>(step.count));
    return change;
}

std::string LogMachine::wait() {
    world_.run();
    if (acknowledged_ + 1 == states_.size()) return {};
    return "writes are not acknowledged though nothing runs any more";
}

std::string LogMachine::read(const Step& step) {
    if (std::string wrong = wait(); !wrong.empty()) return wrong;
    const auto found = states_.back().groups.find(step.group);
    if (found == states_.back().groups.end() || found->second.entries.empty()) return {};
    const ModelGroup& group = found->second;
    const LogIndex from(group.snapshot + 1 + step.at % group.entries.size());
    std::vector<WalEntry> got;
    node_->load_entries(GroupId(step.group), from, LogIndex(group.last()), SIZE_MAX,
                        [&got](Result<std::vector<WalEntry>> loaded) {
                            if (loaded) got = std::move(*loaded);
                        });
    world_.run();
    const std::string wanted = text_of(entries_of(group, step.group, from.value));
    return text_of(got) == wanted ? "" : "read " + text_of(got) + " instead of " + wanted;
}

void LogMachine::stop() {
    node_.reset();
    world_.forget();
}

std::string LogMachine::open() {
    world_.disk.crash_at = UINT64_MAX;
    auto opened = world_.open();
    if (!opened) return "recovery failed: " + opened.error().to_string();
    node_ = std::move(*opened);
    return {};
}

LogModel LogMachine::recovered() {
    auto groups = node_->take_recovered();
    for (RecoveredGroup& group : groups) {
        if (group.entries.empty()) continue;
        node_->load_entries(group.group, group.entries.front().index, group.entries.back().index, SIZE_MAX,
                            [&group](Result<std::vector<WalEntry>> loaded) {
                                if (loaded) group.entries = std::move(*loaded);
                            });
        world_.run();
    }
    return LogModel::of(groups);
}

std::string LogMachine::stop_and_open(const Step& step) {
    Prng random(step.luck);
    world_.disk.crash_at = world_.disk.changes + 1 + step.at;
    world_.run();
    for (uint64_t cut_short = 0;; ++cut_short) {
        stop();
        if (step.kind == StepKind::kill) {
            world_.disk.kill();
        } else {
            world_.disk.crash(random);
        }
        if (cut_short == step.count) break;
        world_.disk.crash_at = world_.disk.changes + 1 + random.below(12);
        if (auto opened = world_.open()) node_ = std::move(*opened);
    }
    if (std::string wrong = open(); !wrong.empty()) return wrong;
    const LogModel found = recovered();
    for (size_t n = acknowledged_; n < states_.size(); ++n) {
        if (found != states_[n]) continue;
        states_.resize(n + 1);
        acknowledged_ = n;
        return {};
    }
    return "recovered\n" + found.text() + "acknowledged\n" + states_[acknowledged_].text() + "submitted\n" +
           states_.back().text();
}

// In the last batch that holds it.
bool LogMachine::flip_entry(uint32_t group, uint64_t index) {
    const uint64_t tag = node_tag(world_.identity.node_uuid);
    std::string where;
    uint64_t offset = 0;
    for (const std::string& path : world_.disk.paths()) {
        if (!path.starts_with("wal/") || !path.ends_with(".seg")) continue;
        const ParsedSegment segment =
            parse_segment(Buffer::copy_of(world_.disk.inode(path).bytes), std::stoull(path.substr(4, 10)), tag);
        for (const ParsedBatch& batch : segment.batches) {
            for (const Record& r : batch.head.records) {
                if (r.kind != RecordKind::entry || r.group != GroupId(group) || r.index.value != index) continue;
                where = path;
                offset = batch.head.offset_bytes + r.offset_bytes;
            }
        }
    }
    if (where.empty()) return false;
    world_.disk.flip(where, offset);
    return true;
}

std::string LogMachine::damage(const Step& step) {
    if (std::string wrong = wait(); !wrong.empty()) return wrong;
    const auto group = states_.back().groups.find(step.group);
    if (group == states_.back().groups.end() || group->second.entries.empty()) return {};
    const uint64_t index = group->second.snapshot + 1 + step.at % group->second.entries.size();
    stop();
    if (!flip_entry(step.group, index)) return "an entry is in no batch";
    if (std::string wrong = open(); !wrong.empty()) return wrong;
    ++damages_;
    LogModel expected = states_.back();
    auto& entries = expected.groups[step.group].entries;
    entries.erase(entries.lower_bound(index), entries.end());
    entries[index] = {0, "FAULTY"};
    const LogModel found = recovered();
    if (found != expected) return "damage shows as\n" + found.text() + "instead of\n" + expected.text();
    GroupChange again;
    again.group = GroupId(step.group);
    again.entries = entries_of(group->second, step.group, index);
    submit(std::move(again));
    return wait();
}

}  // namespace quern::test
