// A node's storage on the simulated machine: latencies, completions in any order, kills and power
// losses at any moment (also during recovery), an early roll now and then. Whatever was
// acknowledged is there.
#include <gtest/gtest.h>

#include "sim/world/disk_damage.h"
#include "sim/world/world.h"
#include "tests/unit/storage/log_model.h"

namespace quern::test {
namespace {

using namespace storage;

class SimLife {
public:
    explicit SimLife(uint64_t seed)
        : world_({.seed = seed}), machine_(world_.add_machine({.name = "n1"})), random_(seed) {
        options_ = MemWorld::small_options();
        options_.payload_cache_bytes = 1 << 20;
        world_.fault_points().set(FaultPoint::segment_roll_early, 100'000);
    }
    bool format() {
        bool ok = false;
        NodeStorage::format(machine_.env(), identity_,
                            [&](const Result<void>& d) { ok = d.has_value(); });
        world_.run_for(Duration::seconds(1));
        return ok;
    }
    // One life: open, write, die after a random while. What is wrong, or nothing.
    std::string live(Duration while_) {
        start();
        const auto end = world_.now() + while_;
        while (world_.now() < end) {
            if (!wrong_.empty()) break;
            if (ready() && states_.size() - 1 - acknowledged_ < 4) write();
            world_.run_for(Duration::microseconds(static_cast<int64_t>(random_.below(300))));
        }
        node_.reset();
        if (random_.chance(1, 3)) {
            machine_.kill();
        } else {
            machine_.power_loss();
        }
        machine_.start();
        return wrong_;
    }
    // Bits rot in any file while the node is down. True if it opens again; a node that does not is
    // replaced, which is safe.
    bool damage_and_open(uint64_t key) {
        machine_.kill();
        const sim::Atlas atlas(1, {"n1"}, 1, sim::AtlasScope::beyond_limits);
        sim::damage_disk(world_, machine_, atlas, {sim::FaultKind::bit_rot, key, 40, ""});
        machine_.start();
        damaged_ = true;
        const uint64_t before = opened_;
        start();
        world_.run_for(Duration::seconds(1));
        return opened_ > before;
    }
    const std::string& wrong() const { return wrong_; }
    uint64_t faulty() const { return faulty_; }
    uint64_t acknowledged() const { return acknowledged_; }
    uint64_t opened() const { return opened_; }

private:
    void start() {
        NodeStorage::open(machine_.env(), options_, [this](Result<std::unique_ptr<NodeStorage>> o) {
            if (!o && damaged_) return;
            if (!o) {
                wrong_ = "recovery failed: " + o.error().to_string();
                return;
            }
            node_ = std::move(*o);
            ++opened_;
            recovered_ = node_->take_recovered();
            loaded_ = 0;
            load_next();
        });
    }
    bool ready() const { return node_ != nullptr && loaded_ > recovered_.size(); }
    // Payloads that recovery did not keep are loaded, as the product does.
    void load_next() {
        if (loaded_++ == recovered_.size()) return check(LogModel::of(recovered_));
        RecoveredGroup& group = recovered_[loaded_ - 1];
        if (group.entries.empty()) return load_next();
        node_->load_entries(group.group, group.entries.front().index, group.entries.back().index,
                            SIZE_MAX, [this, &group](Result<std::vector<WalEntry>> loaded) {
                                if (loaded) group.entries = std::move(*loaded);
                                load_next();
                            });
    }
    void check(const LogModel& found) {
        for (size_t n = acknowledged_; n < states_.size(); ++n) {
            if (damaged_ ? !could_be(states_[n]) : found != states_[n]) continue;
            states_.resize(n + 1);
            acknowledged_ = n;
            return;
        }
        wrong_ = "found:\n" + found.text() + "acknowledged:\n" + states_[acknowledged_].text();
    }
    // Votes and snapshots as they were, and every log as it was up to where it says it is damaged.
    bool could_be(const LogModel& state) {
        if (recovered_.size() != state.groups.size()) return false;
        for (const RecoveredGroup& r : recovered_) {
            const auto group = state.groups.find(r.group.value);
            if (group == state.groups.end()) return false;
            const ModelGroup& g = group->second;
            if (r.term.value != g.term || r.voted_for.value != g.vote) return false;
            if (r.snapshot_index.value != g.snapshot) return false;
            const uint64_t end = r.faulty_from ? r.faulty_from.prev().value : g.last();
            if (g.snapshot + r.entries.size() != end || end > g.last()) return false;
            for (const WalEntry& entry : r.entries) {
                const auto& [term, payload] = g.entries.at(entry.index.value);
                if (entry.term.value != term || entry.payload.text() != payload) return false;
            }
            faulty_ += r.faulty_from ? 1 : 0;
        }
        return true;
    }
    void write() {
        auto changes = states_.back().next_write(random_.next());
        LogModel next = states_.back();
        for (const GroupChange& change : changes)
            next.apply(change);
        states_.push_back(std::move(next));
        node_->write(std::move(changes), [this, n = states_.size() - 1](const Result<void>& done) {
            if (done) acknowledged_ = n;
        });
    }

    sim::World world_;
    sim::Machine& machine_;
    Prng random_;
    Options options_;
    Superblock identity_{0, {1, 2}, {3, 4}, NodeId(7)};
    std::vector<LogModel> states_ = std::vector<LogModel>(1);
    size_t acknowledged_ = 0;
    uint64_t opened_ = 0;
    std::vector<RecoveredGroup> recovered_;
    size_t loaded_ = 0;
    bool damaged_ = false;
    uint64_t faulty_ = 0;
    std::string wrong_;
    std::unique_ptr<NodeStorage> node_;
};

TEST(SimLife, what_was_acknowledged_survives_every_death) {
    uint64_t acknowledged = 0;
    for (uint64_t seed = 1; seed <= 40; ++seed) {
        SimLife life(seed);
        ASSERT_TRUE(life.format());
        Prng random(seed);
        for (int n = 0; n < 12; ++n) {
            const auto ms = static_cast<int64_t>(1 + random.below(40));
            ASSERT_EQ(life.live(Duration::milliseconds(ms)), "")
                << "seed " << seed << " life " << n;
        }
        EXPECT_GT(life.opened(), 0u);
        acknowledged += life.acknowledged();
    }
    EXPECT_GT(acknowledged, 1000u);
}

TEST(SimLife, rotten_bits_are_told_and_change_no_promise) {
    uint64_t opened = 0;
    uint64_t faulty = 0;
    constexpr uint64_t seeds = 60;
    for (uint64_t seed = 1; seed <= seeds; ++seed) {
        SimLife life(seed);
        ASSERT_TRUE(life.format());
        for (int n = 0; n < 3; ++n)
            ASSERT_EQ(life.live(Duration::milliseconds(30)), "");
        opened += life.damage_and_open(seed) ? 1 : 0;
        EXPECT_EQ(life.wrong(), "") << "seed " << seed;
        faulty += life.faulty();
    }
    EXPECT_GT(opened, seeds * 8 / 10);
    EXPECT_GT(faulty, seeds / 4);
}

}  // namespace
}  // namespace quern::test
