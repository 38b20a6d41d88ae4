// Random histories: messages lost, repeated and reordered, disks that lag, crashes, partitions,
// snapshots, membership changes, damage; safety is checked after every step, and that everything
// converges once faults end. A failure prints its seed; QUERN_CHAOS_SEED runs one seed,
// QUERN_CHAOS_RUNS many.
#include <gtest/gtest.h>

#include <cstdlib>

#include "system/base/prng.h"
#include "system/raft/quorum.h"
#include "tests/unit/raft/cluster.h"

namespace quern::raft::testing {
namespace {

uint64_t number_from(const char* variable, uint64_t standard) {
    const char* text = std::getenv(variable);
    return text == nullptr ? standard : std::strtoull(text, nullptr, 10);
}

Cluster::Settings settings_of(uint64_t seed) {
    Cluster::Settings settings;
    settings.seed = seed;
    if (seed % 2 == 0) settings.append_bytes_max = 200;
    if (seed % 3 == 0) settings.inflight_messages_max = 2;
    if (seed % 5 < 2) settings.hibernate_after = Duration::milliseconds(200);
    return settings;
}

// One run. What may happen at all is drawn from the seed, so that runs differ in kind.
class Chaos {
public:
    explicit Chaos(uint64_t seed) : random_(seed), cluster_(settings_of(seed)) {
        voters_ = random_.chance(1, 3) ? ids({1, 2, 3, 4, 5}) : ids({1, 2, 3});
        membership_ = random_.chance(1, 2);
        damage_ = !membership_ && random_.chance(1, 2);
        everywhere_ = damage_ && random_.chance(1, 2);
        cuts_ = random_.chance(2, 3);
        crashes_ = random_.chance(2, 3);
        lossy_ = random_.chance(2, 3);
        fault_rate_ = random_.between(2, 25);
        for (NodeId id : ids({1, 2, 3, 4, 5})) {
            const bool initial = contains(voters_, id);
            if (initial) cluster_.add(id, {voters_, {}, {}});
            if (!initial && membership_) cluster_.add(id, {});
        }
    }

    std::string run(int steps) {
        for (int i = 0; i < steps; ++i) {
            step();
            if (std::string failure = cluster_.check(); !failure.empty()) {
                return failure + ", step " + std::to_string(i);
            }
        }
        return converge();
    }

    uint64_t leaders_ready() const { return leaders_ready_; }
    uint64_t commits() { return commits_; }

private:
    NodeId any() {
        const std::vector<NodeId> all = cluster_.all();
        return all[random_.below(all.size())];
    }

    void step() {
        const uint64_t what = random_.below(1000);
        if (what < 450) {
            for (uint64_t left = random_.between(1, 4); left > 0; --left) network_step();
        } else if (what < 650) {
            for (uint64_t left = random_.between(1, 3); left > 0; --left) disk_step();
        } else if (what < 800) {
            time_step();
        } else if (what < 960) {
            user_step();
        } else if (what < 1000 - fault_rate_) {
            storage_step();
        } else {
            fault_step();
        }
    }

    void network_step() {
        std::deque<Message>& network = cluster_.network();
        while (network.size() > 300) {
            network.erase(network.begin() + static_cast<std::ptrdiff_t>(random_.below(300)));
        }
        if (network.empty()) return;
        // Mostly in order, sometimes any.
        const size_t at = random_.chance(3, 4) ? 0 : random_.below(network.size());
        if (lossy_ && random_.chance(1, 10)) {
            network.erase(network.begin() + static_cast<std::ptrdiff_t>(at));
        } else if (lossy_ && random_.chance(1, 10)) {
            const Message copy = network[at];
            cluster_.deliver_copy(copy);
        } else {
            cluster_.deliver(at);
        }
    }

    void disk_step() {
        const NodeId id = any();
        if (!cluster_.alive(id)) return;
        cluster_.persist_one(id);
        if (random_.chance(1, 3)) cluster_.answer_loads(id);
        if (random_.chance(1, 4)) cluster_.finish_transfer(random_.chance(2, 3));
    }

    void time_step() {
        cluster_.skip(Duration::milliseconds(static_cast<int64_t>(random_.below(60))));
        for (NodeId id : cluster_.all()) {
            if (random_.chance(1, 2)) cluster_.fire_due(id);
        }
    }

    void user_step() {
        const NodeId leader = cluster_.leader();
        const NodeId id = leader && random_.chance(9, 10) ? leader : any();
        if (!cluster_.alive(id)) return;
        if (cluster_.raft(id).status().leader_ready) ++leaders_ready_;
        commits_ = std::max(commits_, cluster_.raft(id).status().commit.value);
        const uint64_t what = random_.below(20);
        if (what < 12) {
            (void)cluster_.propose(id, "command " + std::to_string(++proposals_));
        } else if (what < 17) {
            cluster_.read(id, ++reads_);
        } else if (what < 18) {
            (void)cluster_.raft(id).transfer_leadership(any(), cluster_.now());
            cluster_.pump(id);
        } else if (membership_) {
            change_membership(id);
        }
    }

    void change_membership(NodeId id) {
        Configuration target;
        for (NodeId node : cluster_.all()) {
            const uint64_t what = random_.below(5);
            if (what < 3) target.voters.push_back(node);
            if (what == 3) target.learners.push_back(node);
        }
        (void)cluster_.raft(id).propose_configuration(target, cluster_.now());
        cluster_.pump(id);
    }

    void storage_step() {
        const NodeId id = any();
        if (!cluster_.alive(id)) return;
        const LogIndex applied = cluster_.raft(id).status().applied;
        const LogIndex some{random_.below(applied.value + 1)};
        if (random_.chance(1, 2)) {
            cluster_.compact(id, some);
        } else {
            cluster_.raft(id).drop_payloads(some);
        }
    }

    void fault_step() {
        const NodeId id = any();
        const uint64_t what = random_.below(12);
        if (what < 4 && crashes_) {
            cluster_.crash(id);
            if (random_.chance(3, 4)) cluster_.node_changed(id);
            const bool last_voter = id == voters_.back();
            if (damage_ && (everywhere_ || last_voter) && random_.chance(1, last_voter ? 2 : 4)) {
                DiskImage& disk = cluster_.node(id).disk;
                const uint64_t count = random_.chance(1, 2) ? 1 : random_.between(1, 9);
                disk.damage(LogIndex(random_.below(disk.last().value + 1)), count, random_.chance(2, 3));
            }
            if (random_.chance(1, 2)) cluster_.restart(id);
        } else if (what < 5) {
            cluster_.repair(id);
        } else if (what < 7) {
            for (NodeId dead : cluster_.all()) {
                if (!cluster_.alive(dead)) cluster_.restart(dead);
            }
        } else if (what < 9 && cuts_) {
            const NodeId other = any();
            cluster_.set_cut(id, other, true);
            if (random_.chance(1, 2)) cluster_.set_cut(other, id, true);
        } else if (what < 10) {
            cluster_.heal();
        } else if (what < 11) {
            if (cluster_.alive(id)) cluster_.campaign(id);
        } else if (cluster_.alive(id) && random_.chance(1, 4)) {
            cluster_.raft(id).step_down(cluster_.now());
            cluster_.pump(id);
        }
    }

    // L1, L6: faults end; a leader is found within ten election timeouts and everyone follows.
    std::string converge() {
        cluster_.heal();
        for (NodeId id : cluster_.all()) {
            if (!cluster_.alive(id) || random_.chance(1, 2)) cluster_.restart(id);
        }
        // Nobody who was asked to step down abstains for ever when all of them did.
        for (NodeId id : cluster_.all()) {
            if (cluster_.raft(id).next_deadline() == Instant::never()) cluster_.restart(id);
        }
        cluster_.settle();
        for (NodeId id : cluster_.all()) cluster_.repair(id);
        cluster_.advance(Duration::seconds(10), true);
        // What is damaged on all may keep them from work for ever.
        std::string failure = everywhere_ ? cluster_.check() : judge();
        for (NodeId id : cluster_.all()) {
            if (!failure.empty()) failure += "\n" + cluster_.describe(id);
        }
        return failure;
    }

    std::string judge() {
        const NodeId leader = cluster_.leader();
        if (!leader) return "L1: no leader after the faults ended";
        Result<LogIndex> last = cluster_.propose(leader, "last");
        if (!last) return "L2: the leader refuses to work";
        cluster_.settle();
        cluster_.advance(Duration::seconds(3), true);
        if (std::string failure = cluster_.check(); !failure.empty()) return failure;
        const Node& reference = cluster_.node(leader);
        if (reference.applied.size() < last->value) return "L2: the last proposal is not committed";
        for (NodeId id : members(cluster_.raft(leader).configuration())) {
            if (cluster_.node(id).applied != reference.applied) {
                return "L6: node " + std::to_string(id.value) + " does not converge";
            }
            if (cluster_.raft(id).status().recovering) {
                return "L6: node " + std::to_string(id.value) + " does not recover";
            }
        }
        return "";
    }

    Prng random_;
    Cluster cluster_;
    std::vector<NodeId> voters_;
    bool membership_ = false;
    bool damage_ = false;
    bool everywhere_ = false;  // damage: then only safety is judged
    bool cuts_ = false;
    bool crashes_ = false;
    bool lossy_ = false;
    uint64_t fault_rate_ = 0;  // in 1,000 steps
    uint64_t proposals_ = 0;
    uint64_t reads_ = 0;
    uint64_t leaders_ready_ = 0;
    uint64_t commits_ = 0;
};

TEST(Chaos, safety_at_every_step_and_convergence) {
    const uint64_t first = number_from("QUERN_CHAOS_SEED", 1);
    const uint64_t runs = std::getenv("QUERN_CHAOS_SEED") != nullptr
                              ? 1
                              : number_from("QUERN_CHAOS_RUNS", 60);
    uint64_t commits = 0;
    for (uint64_t seed = first; seed < first + runs; ++seed) {
        SCOPED_TRACE("QUERN_CHAOS_SEED=" + std::to_string(seed));
        Chaos chaos(seed);
        ASSERT_EQ(chaos.run(3000), "");
        commits += chaos.commits();
    }
    // A run in which nothing was ever committed proves nothing.
    if (runs > 1) {
        EXPECT_GT(commits, runs * 40);
    }
}

}  // namespace
}  // namespace quern::raft::testing
