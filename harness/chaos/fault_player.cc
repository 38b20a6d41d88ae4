#include "harness/chaos/fault_player.h"

#include "harness/chaos/clock_file.h"

namespace quern::harness::chaos {

namespace {

// 0: it is no node.
uint32_t node_number(const std::string& machine) {
    if (!machine.starts_with('s')) return 0;
    return static_cast<uint32_t>(std::stoul(machine.substr(1)));
}

bool of_links(const sim::Fault& fault) {
    return fault.kind == sim::FaultKind::partition || fault.kind == sim::FaultKind::partition_one_way ||
           fault.kind == sim::FaultKind::slow_link;
}

}  // namespace

FaultPlayer::FaultPlayer(RealScene& scene, Hosts& hosts, NodeProcesses& nodes, Disks& disks,
                         const ClusterFiles& files, const sim::FaultPlan& plan)
    : scene_(scene), hosts_(hosts), nodes_(nodes), disks_(disks), files_(files), plan_(plan) {}

FaultPlayer::~FaultPlayer() {
    for (const uint64_t timer : timers_) scene_.cancel(timer);
}

void FaultPlayer::start() {
    const int64_t now = scene_.now_ns();
    for (size_t i = 0; i < plan_.faults.size(); ++i) {
        const sim::Fault& fault = plan_.faults[i];
        timers_.push_back(scene_.at(now + fault.at.ns, 0, fault.id, [this, i] { begin(i); }));
        timers_.push_back(scene_.at(now + fault.end().ns, 0, fault.id, [this, i] { end(i); }));
    }
}

void FaultPlayer::heal() {
    for (const uint64_t timer : timers_) scene_.cancel(timer);
    timers_.clear();
    while (!active_.empty()) end(*active_.begin());
    nodes_.heal();
}

void FaultPlayer::tell(const sim::Fault& fault, const char* what) {
    if (scene_.telling()) scene_.tell("fault", what, fault.to_string());
}

void FaultPlayer::take(const sim::Fault& fault, const Result<void>& done) {
    if (done) return;
    failures_.push_back(fault.to_string() + ": " + done.error().detail);
    if (scene_.telling()) scene_.tell("fault", "failed", failures_.back());
}

void FaultPlayer::begin(size_t index) {
    const sim::Fault& fault = plan_.faults[index];
    tell(fault, "begins");
    active_.insert(index);
    ++struck_[static_cast<size_t>(trouble_of(fault))];
    if (of_links(fault)) return settle_links();
    for (const std::string& machine : fault.a) begin_on(fault, node_number(machine));
}

void FaultPlayer::end(size_t index) {
    if (active_.erase(index) == 0) return;
    const sim::Fault& fault = plan_.faults[index];
    tell(fault, "ends");
    if (of_links(fault)) return settle_links();
    for (const std::string& machine : fault.a) end_on(fault, node_number(machine));
}

void FaultPlayer::begin_on(const sim::Fault& fault, uint32_t node) {
    switch (fault.kind) {
        case sim::FaultKind::kill: return nodes_.take_down(node);
        case sim::FaultKind::power_loss:
            nodes_.take_down(node);
            return take(fault, disks_.lose_power(node, fault.id));
        case sim::FaultKind::pause: return nodes_.halt(node);
        case sim::FaultKind::clock_jump: return settle_clock(node);
        case sim::FaultKind::disk_full: return take(fault, disks_.fill(node));
        default: return;
    }
}

void FaultPlayer::end_on(const sim::Fault& fault, uint32_t node) {
    switch (fault.kind) {
        case sim::FaultKind::kill:
        case sim::FaultKind::power_loss: return nodes_.bring_up(node);
        case sim::FaultKind::pause: return nodes_.go_on(node);
        case sim::FaultKind::clock_jump: return settle_clock(node);
        case sim::FaultKind::disk_full: return take(fault, disks_.free(node));
        default: return;
    }
}

void FaultPlayer::settle_links() {
    std::vector<const sim::Fault*> active;
    for (const size_t index : active_) active.push_back(&plan_.faults[index]);
    Links wanted = links_under(active, host_names(nodes_.count()));
    if (wanted == links_) return;
    const Result<void> done = hosts_.set_links(wanted);
    links_ = std::move(wanted);
    if (done) return;
    failures_.push_back("links: " + done.error().detail);
    if (scene_.telling()) scene_.tell("fault", "failed", failures_.back());
}

void FaultPlayer::settle_clock(uint32_t node) {
    int64_t offset_ms = 0;
    for (const size_t index : active_) {
        const sim::Fault& fault = plan_.faults[index];
        if (fault.kind != sim::FaultKind::clock_jump || fault.a.front() != host_name(node)) continue;
        offset_ms += fault.parameter("ms", 0);
    }
    const Result<void> done = write_clock_file(files_.clock_file(node), offset_ms * 1'000'000);
    if (!done) failures_.push_back("clock: " + done.error().detail);
}

}  // namespace quern::harness::chaos
