#include "tests/unit/storage/log_model.h"

namespace quern::test {

using namespace storage;

void LogModel::apply(const GroupChange& change) {
    const uint32_t id = change.group.value;
    if (change.remove) groups.erase(id);
    if (change.create) groups[id] = {};
    if (change.remove && !change.create) return;
    ModelGroup& g = groups.at(id);
    const auto cut = [&g](uint64_t from) {
        g.entries.erase(g.entries.lower_bound(from), g.entries.end());
    };
    if (change.truncate_from) cut(change.truncate_from.value);
    if (change.snapshot_index) {
        if (!change.keep_suffix) cut(change.snapshot_index.value + 1);
        g.entries.erase(g.entries.begin(), g.entries.upper_bound(change.snapshot_index.value));
        g.snapshot = change.snapshot_index.value;
        g.snapshot_term = change.snapshot_term.value;
    }
    for (const WalEntry& entry : change.entries) {
        g.entries[entry.index.value] = {entry.term.value, std::string(entry.payload.text())};
    }
    if (change.has_hard_state) {
        g.term = change.term.value;
        g.vote = change.voted_for.value;
    }
}

std::vector<GroupChange> LogModel::next_write(uint64_t draw) const {
    Prng random(draw);
    const auto id = static_cast<uint32_t>(random.below(3));
    const auto at = groups.find(id);
    if (at == groups.end()) {
        GroupChange creation = create_group(id);
        creation.incarnation.high = draw;  // never twice
        return {creation};
    }
    const ModelGroup& g = at->second;
    const uint64_t choice = random.below(100);
    GroupChange change;
    change.group = GroupId(id);
    if (choice < 2) {
        change.remove = true;
        return {change};
    }
    if (choice < 14 && g.last() > g.snapshot) {
        change.snapshot_index = LogIndex(random.between(g.snapshot + 1, g.last()));
        change.snapshot_term = Term(g.entries.at(change.snapshot_index.value).first);
        change.keep_suffix = random.chance(9, 10);
        return {change};
    }
    const uint64_t term = g.term + (random.chance(1, 4) ? 1 : 0) + (g.term == 0 ? 1 : 0);
    uint64_t first = g.last() + 1;
    LogIndex cut;
    if (choice < 30 && g.last() > g.snapshot) {
        first = random.between(g.snapshot + 1, g.last());
        cut = LogIndex(first);
    }
    std::vector<std::string> payloads;
    for (uint64_t n = random.below(4); n > 0; --n) {
        const size_t size = random.chance(1, 10) ? random.below(9000) : random.below(300);
        payloads.emplace_back(size, static_cast<char>('a' + random.below(26)));
    }
    change = entries(id, first, term, payloads);
    change.truncate_from = cut;
    if (term != g.term || random.chance(1, 5)) {
        change.has_hard_state = true;
        change.term = Term(term);
        change.voted_for = NodeId(static_cast<uint32_t>(random.below(4)));
    }
    return {change};
}

LogModel LogModel::of(const std::vector<RecoveredGroup>& recovered) {
    LogModel model;
    for (const RecoveredGroup& r : recovered) {
        ModelGroup& g = model.groups[r.group.value];
        g.term = r.term.value;
        g.vote = r.voted_for.value;
        g.snapshot = r.snapshot_index.value;
        g.snapshot_term = r.snapshot_term.value;
        for (const WalEntry& entry : r.entries) {
            g.entries[entry.index.value] = {entry.term.value, std::string(entry.payload.text())};
        }
        if (r.faulty_from) g.entries[r.faulty_from.value] = {0, "FAULTY"};
    }
    return model;
}

std::string LogModel::text() const {
    std::string text;
    for (const auto& [id, g] : groups) {
        text += "g" + std::to_string(id) + " term " + std::to_string(g.term) + " vote " +
                std::to_string(g.vote) + " snapshot " + std::to_string(g.snapshot) + "@" +
                std::to_string(g.snapshot_term) + ":";
        for (const auto& [index, entry] : g.entries) {
            text += " " + std::to_string(index) + "@" + std::to_string(entry.first) + ":" +
                    entry.second.substr(0, 6) + "/" + std::to_string(entry.second.size());
        }
        text += "\n";
    }
    return text;
}

LoggedRun::LoggedRun(uint64_t seed) : random_(seed), states_(1) {
    world.options.payload_cache_bytes = 1 << 20;  // recovery gives all payloads, to compare
}

void LoggedRun::run(const std::vector<uint64_t>& draws, size_t outstanding_max) {
    if (node == nullptr) {
        if (!world.format()) return;
        auto opened = world.open();
        if (!opened) return;
        node = std::move(*opened);
    }
    for (const uint64_t draw : draws) {
        auto changes = states_.back().next_write(draw);
        LogModel next = states_.back();
        for (const GroupChange& change : changes)
            next.apply(change);
        states_.push_back(std::move(next));
        node->write(std::move(changes), [this, n = states_.size() - 1](const Result<void>& done) {
            if (done) acknowledged_ = n;
        });
        if (states_.size() - 1 - acknowledged_ >= outstanding_max) world.run();
        if (draw % 16 == 0) world.run_for(Duration::milliseconds(100));
        if (world.disk.crashed) return;
    }
    world.run();
}

std::string LoggedRun::crash_and_check(int interruptions) {
    Result<std::unique_ptr<NodeStorage>> opened = fail(ErrorCode::cancelled);
    for (int attempt = 0; attempt <= interruptions; ++attempt) {
        node.reset();
        world.forget();
        if (random_.chance(1, 3)) {
            world.disk.kill();
        } else {
            world.disk.crash(random_);
        }
        if (attempt < interruptions) {
            world.disk.crash_at = world.disk.changes + 1 + random_.below(12);
        }
        opened = world.open();
    }
    world.disk.crash_at = UINT64_MAX;
    if (!opened && opened.error().code == ErrorCode::not_found && acknowledged_ == 0) {
        return "";  // the crash came before the superblock was durable
    }
    if (!opened) return "recovery failed: " + opened.error().to_string();
    node = std::move(*opened);
    // Payloads that recovery did not keep are loaded, as the product does.
    auto recovered = node->take_recovered();
    for (RecoveredGroup& group : recovered) {
        if (group.entries.empty()) continue;
        node->load_entries(group.group, group.entries.front().index, group.entries.back().index,
                           SIZE_MAX, [&group](Result<std::vector<WalEntry>> loaded) {
                               if (loaded) group.entries = std::move(*loaded);
                           });
        world.run();
    }
    const LogModel found = LogModel::of(recovered);
    for (size_t n = acknowledged_; n < states_.size(); ++n) {
        if (found == states_[n]) {
            states_.resize(n + 1);
            acknowledged_ = n;
            return "";
        }
    }
    std::string findings;
    for (const std::string& line : world.findings)
        findings += line + "\n";
    return "recovered state is none of the legal ones\nfound:\n" + found.text() +
           "acknowledged:\n" + states_[acknowledged_].text() + "submitted:\n" +
           states_.back().text() + findings;
}

}  // namespace quern::test
