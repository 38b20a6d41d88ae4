// Private to the runner's .cc files: everything that one run holds.
#pragma once

#include <memory>
#include <vector>

#include "harness/aim_run.h"
#include "harness/drain.h"
#include "harness/runner.h"
#include "harness/sim_scene.h"
#include "harness/witness.h"
#include "harness/work_client.h"
#include "sim/cluster.h"
#include "sim/faults/fault_run.h"

namespace quern::harness {

class Run {
public:
    Run(const RunPlan& plan, RunOptions options);
    ~Run();
    RunResult execute();

private:
    friend class RunDrill;
    // Phases; false: the run is over.
    bool come_up();
    bool prepare();
    bool chaos();
    bool settle();
    bool drill();
    void judge();

    CheckOptions check_options() const;
    WorkClient& add_client(WorkClient::Identity identity);
    bool create_user();
    bool ask_until_done(WorkClient& client, const Operation& op, const wire::Request& request);
    // run_settle.cc
    void heal();
    bool led(GroupId group);
    bool led();
    Duration reach_time() const;
    void await_leaders();
    void watch_leaders();
    int64_t sound_since() const;
    void check_stability();
    void await_answers();
    void drain(int64_t queues);
    void converge();
    std::vector<sim::Machine*> storage_of_core() const;
    std::vector<sim::Machine*> choose_core() const;
    std::vector<sim::Machine*> without_lost(const std::vector<sim::Machine*>& storage) const;
    bool damaged(const sim::Machine& machine) const;
    void check_bodies(const std::vector<sim::Machine*>& storage);
    std::string bodies_kept(const std::vector<sim::Machine*>& storage) const;
    // What an init system does: a process that ended or refused to start is started again.
    void supervise();
    void restart_later(sim::Machine& machine);
    bool disk_is_good(const std::string& machine) const;
    void check_stops();
    bool time_left() { return world_.now().ns < options_.until_ns && !stopped(); }
    // What the run is made for has happened.
    bool stopped();
    template <typename Predicate>
    bool run_until(Predicate done, Duration within);
    void tell(std::string_view what, const std::string& text);
    void found(const char* invariant, std::string text);
    void tell_story();
    void watch_world();
    void note_machines();
    // run_coverage.cc
    void watch_states();
    void watch_faults();
    void state_begins(ProtocolState state, uint32_t machine);
    void fault_strikes(const sim::Fault& fault, const sim::Machine* machine);
    // Those of the plan and those that aims have added.
    const std::vector<sim::Fault>& faults() const {
        return faults_ ? faults_->plan().faults : plan_.faults.faults;
    }
    RunResult result() const;

    const RunPlan& plan_;
    RunOptions options_;
    Verdict verdict_;
    sim::World world_;
    SimScene scene_;
    Recorder recorder_;
    Witness witness_;
    std::unique_ptr<sim::Cluster> cluster_;
    std::vector<std::unique_ptr<WorkClient>> clients_;
    std::unique_ptr<sim::Atlas> atlas_;
    std::unique_ptr<sim::FaultRun> faults_;
    std::unique_ptr<AimRun> aims_;
    StateTracker states_;
    Coverage coverage_;
    Recorder::Watch asked_;
    Recorder::Watch answered_;
    std::unique_ptr<Drain> drain_;
    std::vector<sim::Machine*> core_;
    std::string worker_key_;
    std::string worker_secret_;
    size_t stops_seen_ = 0;
    size_t failures_seen_ = 0;
    int64_t begun_ns_ = 0;
    bool word_said_ = false;
    std::vector<bool> were_running_;  // machines, for options_.machine
    bool healed_ = false;
    static constexpr Duration restart_pause = Duration::seconds(1);
    int64_t healed_ns_ = 0;
    int64_t stopped_ns_ = 0;  // after that, when a node last stopped by itself
    uint64_t drills_begun_ = 0;
    uint64_t drills_judged_ = 0;
    int64_t led_ns_ = 0;    // when all groups were last seen to have a leader
    int64_t unled_ns_ = 0;  // when one was last without for an election timeout
    size_t instants_passed_ = 0;
    bool ended_at_instant_ = false;
};

template <typename Predicate>
bool Run::run_until(Predicate done, Duration within) {
    const int64_t left = options_.until_ns - world_.now().ns;
    const Duration most{std::min(within.ns, std::max<int64_t>(0, left))};
    const bool watched = !options_.stop_at.empty() || !options_.until_word.empty() ||
                         options_.until_event != UINT64_MAX || !options_.instants_ns.empty();
    if (!watched) return world_.run_until(std::move(done), most);
    return world_.run_until([&] { return done() || stopped(); }, most) && !stopped();
}

}  // namespace quern::harness
