// A group of three under any sequence of steps; what fails is shrunk to the few steps that matter.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/unit/raft/cluster.h"

namespace quern::raft::testing {
namespace {

enum class Act : uint8_t {
    deliver, deliver_any, repeat, lose, persist, pass_time, propose, read,
    transfer, campaign, step_down, crash, restart, cut, heal, compact,
    count
};

struct Step {
    Act act = Act::deliver;
    uint8_t node = 1;   // 1 to 3
    uint8_t other = 1;
    uint8_t amount = 0;
};

const char* const names[] = {"deliver", "deliver_any", "repeat",    "lose",  "persist", "pass_time",
                             "propose", "read",        "transfer",  "campaign", "step_down", "crash",
                             "restart", "cut",         "heal",      "compact"};

void showValue(const Step& step, std::ostream& out) {
    out << names[static_cast<size_t>(step.act)] << "(" << int{step.node} << ", " << int{step.other} << ", "
        << int{step.amount} << ")";
}

// Frequent acts first: a smaller number is simpler.
rc::Gen<Step> steps() {
    const auto act = rc::gen::map(rc::gen::weightedElement<int>({{30, 0}, {10, 1}, {3, 2}, {5, 3}, {25, 4},
                                                                 {20, 5}, {15, 6}, {4, 7}, {1, 8}, {1, 9},
                                                                 {1, 10}, {3, 11}, {5, 12}, {3, 13}, {3, 14},
                                                                 {3, 15}}),
                                  [](int number) { return static_cast<Act>(number); });
    const auto node = rc::gen::inRange<uint8_t>(1, 4);
    return rc::gen::build<Step>(rc::gen::set(&Step::act, act), rc::gen::set(&Step::node, node),
                                rc::gen::set(&Step::other, node),
                                rc::gen::set(&Step::amount, rc::gen::inRange<uint8_t>(0, 200)));
}

class Played {
public:
    Played() {
        for (NodeId id : ids({1, 2, 3})) cluster_.add(id, {ids({1, 2, 3}), {}, {}});
    }
    // What is violated; empty: nothing.
    std::string play(const std::vector<Step>& played) {
        for (const Step& step : played) {
            take(step);
            if (std::string failure = cluster_.check(); !failure.empty()) return failure;
        }
        return "";
    }
    // L1 and L6: all follow one leader, and it works.
    std::string converge() {
        cluster_.heal();
        for (NodeId id : cluster_.all()) {
            const bool abstains = cluster_.alive(id) &&
                                  cluster_.raft(id).next_deadline() == Instant::never();
            if (!cluster_.alive(id) || abstains) cluster_.restart(id);
        }
        cluster_.settle();
        cluster_.advance(Duration::seconds(10), true);
        if (!cluster_.leader()) return "L1: no leader";
        if (!cluster_.propose(cluster_.leader(), "last")) return "L2: the leader refuses to work";
        cluster_.settle();
        cluster_.advance(Duration::seconds(3), true);
        const auto& applied = cluster_.node(cluster_.leader()).applied;
        if (applied.empty() || applied.back() != "last") return "L2: what was proposed last was not applied";
        for (NodeId id : cluster_.all()) {
            if (cluster_.node(id).applied != applied) return "L6: the states differ";
        }
        return cluster_.check();
    }

private:
    void take(const Step& step) {
        if (!of_network(step) && !of_machines(step)) of_node(step);
    }
    bool of_network(const Step& step) {
        std::deque<Message>& network = cluster_.network();
        const size_t at = network.empty() ? 0 : step.amount % network.size();
        switch (step.act) {
            case Act::deliver:
                if (!network.empty()) cluster_.deliver(0);
                return true;
            case Act::deliver_any:
                if (!network.empty()) cluster_.deliver(at);
                return true;
            case Act::repeat:
                if (!network.empty()) cluster_.deliver_copy(Message(network[at]));
                return true;
            case Act::lose:
                if (!network.empty()) network.erase(network.begin() + static_cast<std::ptrdiff_t>(at));
                return true;
            case Act::cut: cluster_.set_cut(NodeId(step.node), NodeId(step.other), true); return true;
            case Act::heal: cluster_.heal(); return true;
            default: return false;
        }
    }
    bool of_machines(const Step& step) {
        switch (step.act) {
            case Act::pass_time:
                cluster_.skip(Duration::milliseconds(step.amount));
                for (NodeId id : cluster_.all()) {
                    if (cluster_.alive(id)) cluster_.fire_due(id);
                }
                return true;
            case Act::crash:
                if (cluster_.alive(NodeId(step.node))) cluster_.crash(NodeId(step.node));
                return true;
            case Act::restart:
                if (!cluster_.alive(NodeId(step.node))) cluster_.restart(NodeId(step.node));
                return true;
            default: return false;
        }
    }
    void of_node(const Step& step) {
        const NodeId id(step.node);
        if (!cluster_.alive(id)) return;
        switch (step.act) {
            case Act::persist: cluster_.persist_one(id); break;
            case Act::propose: (void)cluster_.propose(id, "command " + std::to_string(++proposals_)); break;
            case Act::read: cluster_.read(id, ++reads_); break;
            case Act::transfer:
                (void)cluster_.raft(id).transfer_leadership(NodeId(step.other), cluster_.now());
                cluster_.pump(id);
                break;
            case Act::campaign: cluster_.campaign(id); break;
            case Act::step_down:
                cluster_.raft(id).step_down(cluster_.now());
                cluster_.pump(id);
                break;
            case Act::compact:
                cluster_.compact(id, LogIndex(step.amount % (cluster_.raft(id).status().applied.value + 1)));
                break;
            default: break;
        }
    }

    Cluster cluster_;
    int proposals_ = 0;
    uint64_t reads_ = 0;
};

// R1 to R8 after each step, L1 and L6 at the end.
RC_GTEST_PROP(RaftProperty, any_steps_keep_it_safe_and_it_recovers, ()) {
    const auto played = *rc::gen::scale(3, rc::gen::container<std::vector<Step>>(steps()));
    Played group;
    const std::string unsafe = group.play(played);
    RC_LOG() << unsafe;
    RC_ASSERT(unsafe.empty());
    const std::string stuck = group.converge();
    RC_LOG() << stuck;
    RC_ASSERT(stuck.empty());
}

}  // namespace
}  // namespace quern::raft::testing
