#include "harness/run_plan.h"

#include <charconv>
#include <vector>

#include <fmt/format.h>

namespace quern::harness {

std::vector<Knob> knobs_of(RunPlan& p) {
    std::vector<Knob> knobs = {
        {"storage_nodes", &p.storage_nodes},
        {"balancers", &p.balancers},
        {"data_groups", &p.data_groups},
        {"replication", &p.replication},
        {"election_ms", &p.election_ms},
        {"heartbeat_ms", &p.heartbeat_ms},
        {"ping_ms", &p.ping_ms},
        {"snapshot_entries", &p.snapshot_entries},
        {"segment_kib", &p.segment_kib},
        {"latency_us", &p.latency_us},
        {"sync_us", &p.sync_us},
        {"disk_mib", &p.disk_mib},
        {"payload_cache_kib", &p.payload_cache_kib},
        {"fault_points", &p.fault_points},
        {"clients", &p.clients},
        {"worker_clients", &p.worker_clients},
        {"hands", &p.hands},
        {"queues", &p.queues},
        {"think_ms", &p.think_ms},
        {"batch_max", &p.batch_max},
        {"body_bytes_max", &p.body_bytes_max},
        {"visibility_ms_max", &p.visibility_ms_max},
        {"delay_ms_max", &p.delay_ms_max},
        {"wait_ms_max", &p.wait_ms_max},
        {"by_name", &p.by_name},
        {"plain_queues", &p.plain_queues},
        {"scripted", &p.scripted},
        {"stale_per_cent", &p.stale_per_cent},
        {"forged_per_cent", &p.forged_per_cent},
        {"request_timeout_ms", &p.request_timeout_ms},
        {"attempt_timeout_ms", &p.attempt_timeout_ms},
        {"chaos_ms", &p.chaos_ms},
        {"settle_ms", &p.settle_ms},
        {"drill", &p.drill},
        {"core_size", &p.core_size},
        {"stop_ms", &p.stop_ms},
        {"deep_per_million", &p.deep_per_million},
    };
    for (size_t i = 0; i < op_kind_count; ++i) {
        knobs.push_back({fmt::format("weight_{}", op_kind_name(static_cast<OpKind>(i))),
                         &p.weights[i]});
    }
    return knobs;
}

namespace {

std::string text_of(RunPlan plan, const RunPlan* defaults) {
    std::string text = fmt::format("seed {}\n", plan.seed);
    RunPlan other = defaults != nullptr ? *defaults : plan;
    const std::vector<Knob> theirs = knobs_of(other);
    const std::vector<Knob> knobs = knobs_of(plan);
    for (size_t i = 0; i < knobs.size(); ++i) {
        if (defaults != nullptr && *knobs[i].value == *theirs[i].value) continue;
        text += fmt::format("{} {}\n", knobs[i].name, *knobs[i].value);
    }
    for (const PlannedOperation& op : plan.operations) text += "op " + op.to_string() + "\n";
    for (const sim::Fault& fault : plan.faults.faults) text += "fault " + fault.to_string() + "\n";
    for (const Aim& aim : plan.aims) text += "aim " + aim.to_string() + "\n";
    return text;
}

template <typename T>
bool number(std::string_view text, T& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size();
}

// A comment begins the line or follows a space: c2#7 holds none.
std::string without_comment(const std::string& line) {
    if (line.starts_with('#')) return {};
    return line.substr(0, line.find(" #"));
}

bool set_knob(RunPlan& plan, std::string_view name, std::string_view text) {
    if (name == "seed") return number(text, plan.seed);
    for (const Knob& knob : knobs_of(plan)) {
        if (knob.name == name) return number(text, *knob.value);
    }
    return false;
}

}  // namespace

void add_aim(RunPlan& plan, const CoverageCell& cell) {
    for (const Aim& aim : plan.aims) {
        if (aim.cell() == cell) return;
    }
    plan.aims.push_back(make_aim(plan.seed, cell));
}

std::string RunPlan::to_string() const { return text_of(*this, nullptr); }

std::string RunPlan::to_short_string() const {
    const RunPlan defaults;
    return text_of(*this, &defaults);
}

Result<RunPlan> RunPlan::parse(const std::string& text) {
    RunPlan plan;
    size_t at = 0;
    for (int line_number = 1; at < text.size(); ++line_number) {
        const size_t end = std::min(text.find('\n', at), text.size());
        std::string line = text.substr(at, end - at);
        at = end + 1;
        line = without_comment(line);
        while (!line.empty() && line.back() == ' ') line.pop_back();
        if (line.empty()) continue;
        const size_t space = line.find(' ');
        const std::string name = line.substr(0, space);
        const std::string rest = space == std::string::npos ? "" : line.substr(space + 1);
        auto bad = [&](const std::string& why) {
            return fail(ErrorCode::invalid_argument,
                        fmt::format("line {}: {}: {}", line_number, why, line));
        };
        if (name == "fault") {
            Result<sim::Fault> fault = sim::Fault::parse(rest);
            if (!fault) return bad(fault.error().detail);
            plan.faults.faults.push_back(std::move(*fault));
        } else if (name == "aim") {
            Result<Aim> aim = Aim::parse(rest);
            if (!aim) return bad(aim.error().detail);
            plan.aims.push_back(std::move(*aim));
        } else if (name == "op") {
            Result<PlannedOperation> op = PlannedOperation::parse(rest);
            if (!op) return bad(op.error().detail);
            plan.operations.push_back(std::move(*op));
        } else if (!set_knob(plan, name, rest)) {
            return bad("no such knob, or not a number");
        }
    }
    plan.faults.sort();
    return plan;
}

}  // namespace quern::harness
