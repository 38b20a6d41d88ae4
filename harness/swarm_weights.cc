#include "harness/swarm_weights.h"

#include <algorithm>
#include <charconv>
#include <sstream>

#include <fmt/format.h>

namespace quern::harness {

namespace {

using sim::FaultKind;

// What no cell asks for; each cell adds to its kind of fault, and to what brings about its state.
constexpr uint32_t unwanted = 50;
constexpr uint32_t of_its_kind = 100;
constexpr uint32_t of_its_cause = 25;
constexpr uint32_t of_its_operation = 50;

// Faults after which the state comes, and operations that are the state.
struct Cause {
    ProtocolState state;
    std::vector<FaultKind> faults;
    std::vector<OpKind> operations;
};

const std::vector<Cause>& causes() {
    using S = ProtocolState;
    static const std::vector<Cause> all = {
        {S::election, {FaultKind::kill, FaultKind::partition}, {}},
        {S::leadership_transfer, {FaultKind::disk_slow}, {}},
        {S::snapshot_sending, {FaultKind::partition, FaultKind::kill}, {}},
        {S::snapshot_installing, {FaultKind::partition, FaultKind::kill}, {}},
        {S::log_truncation, {FaultKind::partition, FaultKind::pause}, {}},
        {S::recovery, {FaultKind::kill, FaultKind::power_loss}, {}},
        {S::repair, {FaultKind::bit_rot, FaultKind::power_loss}, {}},
        {S::purge, {}, {OpKind::purge}},
        {S::queue_creation, {}, {OpKind::create_queue, OpKind::delete_queue}},
        {S::queue_deletion, {}, {OpKind::delete_queue}},
        {S::attributes_change, {}, {OpKind::set_attributes}},
        {S::grant_change, {}, {OpKind::grant, OpKind::revoke}},
    };
    return all;
}

template <typename Kind, size_t count>
uint32_t& weight_of(std::array<uint32_t, count>& weights, Kind kind) {
    return weights[static_cast<size_t>(kind)];
}

// The place of that name, or null.
uint32_t* find(SwarmWeights& weights, std::string_view name) {
    if (const auto kind = sim::fault_kind_from(name)) return &weight_of(weights.faults, *kind);
    for (size_t i = 0; i < op_kind_count; ++i) {
        if (op_kind_name(static_cast<OpKind>(i)) == name) return &weights.operations[i];
    }
    return nullptr;
}

}  // namespace

std::string SwarmWeights::to_string() const {
    std::string text;
    auto add = [&text](std::string_view name, uint32_t weight) {
        if (weight != usual) text += fmt::format("{}{}={}", text.empty() ? "" : ",", name, weight);
    };
    for (size_t i = 0; i < faults.size(); ++i) add(sim::fault_kind_name(static_cast<FaultKind>(i)), faults[i]);
    for (size_t i = 0; i < operations.size(); ++i) add(op_kind_name(static_cast<OpKind>(i)), operations[i]);
    return text;
}

Result<SwarmWeights> SwarmWeights::parse(const std::string& text) {
    SwarmWeights weights;
    std::istringstream words(text);
    for (std::string word; std::getline(words, word, ',');) {
        const size_t equals = word.find('=');
        uint32_t* place = equals == std::string::npos ? nullptr : find(weights, word.substr(0, equals));
        if (place == nullptr) {
            return fail(ErrorCode::invalid_argument, "no kind of fault or operation and its weight: " + word);
        }
        const char* end = word.data() + word.size();
        const auto [stop, wrong] = std::from_chars(word.data() + equals + 1, end, *place);
        if (wrong != std::errc() || stop != end || *place > most) {
            return fail(ErrorCode::invalid_argument, fmt::format("a weight is 0 to {}: {}", most, word));
        }
    }
    return weights;
}

SwarmWeights weights_towards(const std::vector<CoverageCell>& cells) {
    SwarmWeights weights;
    if (cells.empty()) return weights;
    weights.faults.fill(unwanted);
    for (const Cause& cause : causes()) {
        for (const OpKind kind : cause.operations) weight_of(weights.operations, kind) = unwanted;
    }
    for (const CoverageCell& cell : cells) {
        weight_of(weights.faults, cell.kind) += of_its_kind;
        for (const Cause& cause : causes()) {
            if (cause.state != cell.state) continue;
            for (const FaultKind kind : cause.faults) weight_of(weights.faults, kind) += of_its_cause;
            for (const OpKind kind : cause.operations) weight_of(weights.operations, kind) += of_its_operation;
        }
    }
    for (uint32_t& weight : weights.faults) weight = std::min(weight, SwarmWeights::most);
    for (uint32_t& weight : weights.operations) weight = std::min(weight, SwarmWeights::most);
    return weights;
}

}  // namespace quern::harness
