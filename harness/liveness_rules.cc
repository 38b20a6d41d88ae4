#include "harness/liveness_rules.h"

#include <fmt/format.h>

namespace quern::harness::liveness_rules {

void leader(int64_t healed_ns, int64_t led_ns, int64_t election_ns, int64_t reach_ns,
            Verdict& verdict) {
    const int64_t bound = healed_ns + reach_ns + 10 * election_ns;
    if (led_ns <= bound) return;
    verdict.add("L1", "no leader within ten election timeouts after the core was healed", bound);
}

void converged(const std::vector<State>& replicas, int64_t at_ns, Verdict& verdict) {
    for (const State& replica : replicas) {
        const State& first = replicas.front();
        if (replica.index == first.index && replica.hash == first.hash) continue;
        verdict.add("L6", fmt::format("{} is at index {} with state {:x}, {} at {} with {:x}",
                                      first.where, first.index, first.hash, replica.where,
                                      replica.index, replica.hash),
                    at_ns);
        return;
    }
}

void disk(const Space& space, int64_t at_ns, Verdict& verdict) {
    if (space.retained_bytes <= 3 * space.live_bytes + space.fixed_bytes) return;
    verdict.add("L7", fmt::format("{} retains {} bytes for {} that live", space.where,
                                  space.retained_bytes, space.live_bytes),
                at_ns);
}

void memory(const std::string& where, uint64_t before_bytes, uint64_t after_bytes, int64_t at_ns,
            Verdict& verdict) {
    if (after_bytes <= before_bytes + before_bytes / 4) return;
    verdict.add("L8", fmt::format("{} took {} bytes of memory before the backlog, {} after it was drained",
                                  where, before_bytes, after_bytes),
                at_ns);
}

void resumed(int64_t freed_ns, int64_t sent_ns, int64_t within_ns, Verdict& verdict) {
    if (sent_ns <= freed_ns + within_ns) return;
    verdict.add("L9", "sends are refused though the disk has had room for long", freed_ns + within_ns);
}

}  // namespace quern::harness::liveness_rules
