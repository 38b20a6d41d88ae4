#include "sim/world/fabric.h"

#include <algorithm>

#include "system/base/assert.h"

namespace quern::sim {

Fabric::Fabric(Scheduler& scheduler, uint64_t seed, FabricOptions options, FaultCounters& counters)
    : scheduler_(scheduler), seed_(seed), options_(options), counters_(counters) {}

HostIndex Fabric::add_host(const std::string& name, Owner owner) {
    QUERN_ASSERT_MSG(find_host(name) == nullptr, "machine names must differ");
    Host host;
    host.name = name;
    host.identity = name_identity(name);
    host.owner = owner;
    hosts_.push_back(std::move(host));
    Link fresh;
    fresh.options = options_.link;
    for (auto& row : links_)
        row.push_back(fresh);
    links_.emplace_back(hosts_.size(), fresh);
    links_.back().back().options.latency = options_.loopback;
    links_.back().back().options.bytes_per_second = 0;
    return static_cast<HostIndex>(hosts_.size() - 1);
}

const Fabric::Host* Fabric::find_host(const std::string& name) const {
    for (const Host& host : hosts_) {
        if (host.name == name) return &host;
    }
    return nullptr;
}

Duration Fabric::latency(HostIndex from, HostIndex to, uint64_t identity, uint64_t ordinal) {
    return link(from, to).options.latency.at(draw(seed_, Concern::link_latency, identity, ordinal));
}

SimTime Fabric::arrival(HostIndex from, HostIndex to, uint64_t identity, uint64_t ordinal,
                        size_t bytes) {
    Link& way = link(from, to);
    SimTime depart = scheduler_.now();
    if (way.options.bytes_per_second > 0) {
        const auto ns =
            static_cast<unsigned __int128>(bytes) * 1'000'000'000 / way.options.bytes_per_second;
        depart = std::max(depart, way.busy_until) + Duration{static_cast<int64_t>(ns)};
        way.busy_until = depart;
    }
    return std::max(depart, way.clogged_until) + latency(from, to, identity, ordinal);
}

void Fabric::process_died(HostIndex host, bool power_lost) {
    Host& dead = hosts_[host];
    dead.running = false;
    dead.powered = !power_lost;
    auto listeners = std::move(dead.listeners);
    dead.listeners.clear();
    std::vector<PendingConnect> dropped;
    for (auto it = connects_.begin(); it != connects_.end();) {
        if (it->second.from == host) {
            dropped.push_back(std::move(it->second));
            it = connects_.erase(it);
        } else {
            ++it;
        }
    }
    for (uint32_t slot = 0; slot < streams_.size(); ++slot) {
        for (int side = 0; side < 2; ++side) {
            const Stream& stream = *streams_[slot];
            if (!stream.live || stream.ends[side].host != host) continue;
            end_died({slot, stream.generation}, side, power_lost);
        }
    }
}

// A kernel that is back knows none of the old streams: it resets whoever still waits for an answer.
void Fabric::process_started(HostIndex host) {
    hosts_[host].running = true;
    hosts_[host].powered = true;
    for (uint32_t slot = 0; slot < streams_.size(); ++slot) {
        for (int side = 0; side < 2; ++side) {
            const Stream& stream = *streams_[slot];
            if (!stream.live || stream.ends[side].host != host || !stream.ends[side].gone) continue;
            if (!scheduler_.pending(stream.ends[1 - side].stall_event)) continue;
            const StreamId id{slot, stream.generation};
            const HostIndex other = stream.ends[1 - side].host;
            if (blocked(other, host) || blocked(host, other)) continue;
            const Duration wait{static_cast<int64_t>(bounded(
                draw(seed_, Concern::stream_fate, stream.ends[side].identity, 9), 200'000'000))};
            scheduler_.after(
                wait, hosts_[other].owner, EventKind::deliver, stream.ends[side].identity,
                [this, id, side] { fail_end(id, 1 - side, ErrorCode::connection_reset); });
        }
    }
}

void Fabric::block(HostIndex from, HostIndex to) { ++link(from, to).blocks; }

void Fabric::unblock(HostIndex from, HostIndex to) {
    Link& way = link(from, to);
    QUERN_ASSERT(way.blocks > 0);
    if (--way.blocks > 0) return;
    for (uint32_t slot = 0; slot < streams_.size(); ++slot) {
        for (int side = 0; side < 2; ++side) {
            const Stream& stream = *streams_[slot];
            if (!stream.live || stream.ends[side].held.empty()) continue;
            if (stream.ends[side].host != from || stream.ends[1 - side].host != to) continue;
            release_held({slot, stream.generation}, side);
        }
    }
}

void Fabric::clog(HostIndex from, HostIndex to, SimTime until) {
    SimTime& end = link(from, to).clogged_until;
    end = std::max(end, until);
}

void Fabric::set_link(HostIndex from, HostIndex to, LinkOptions options) {
    link(from, to).options = options;
}

void Fabric::set_corruption(HostIndex from, HostIndex to, uint32_t per_million) {
    link(from, to).corrupt_per_million = per_million;
}

size_t Fabric::reset_streams(HostIndex a, HostIndex b, uint64_t key, uint32_t part_per_cent) {
    size_t count = 0;
    for (uint32_t slot = 0; slot < streams_.size(); ++slot) {
        const Stream& stream = *streams_[slot];
        if (!stream.live) continue;
        const StreamEnd* ends = stream.ends;
        const bool between =
            (ends[0].host == a && ends[1].host == b) || (ends[0].host == b && ends[1].host == a);
        if (!between || !ends[0].writable() || !ends[1].writable()) continue;
        const uint64_t random = draw(seed_, Concern::fault_effect, key, ends[0].identity);
        if (bounded(random, 100) >= part_per_cent) continue;
        const StreamId id{slot, stream.generation};
        fail_end(id, 0, ErrorCode::connection_reset);
        fail_end(id, 1, ErrorCode::connection_reset);
        ++count;
    }
    return count;
}

size_t Fabric::half_open_streams(HostIndex loser, HostIndex other, uint64_t key,
                                 uint32_t part_per_cent) {
    size_t count = 0;
    for (uint32_t slot = 0; slot < streams_.size(); ++slot) {
        for (int side = 0; side < 2; ++side) {
            Stream& stream = *streams_[slot];
            StreamEnd& end = stream.ends[side];
            StreamEnd& far = stream.ends[1 - side];
            if (!stream.live || end.host != loser || far.host != other) continue;
            if (!end.writable() || !far.writable()) continue;
            const uint64_t random = draw(seed_, Concern::fault_effect, key, end.identity);
            if (bounded(random, 100) >= part_per_cent) continue;
            far.black_hole = mix64(random) % 2 == 0;
            fail_end({slot, stream.generation}, side, ErrorCode::connection_reset);
            ++count;
        }
    }
    return count;
}

size_t Fabric::window_of(HostIndex receiver) const {
    const size_t own = hosts_[receiver].window_bytes;
    return own > 0 ? own : options_.window_bytes;
}

void Fabric::set_window(HostIndex host, size_t bytes) {
    hosts_[host].window_bytes = bytes;
    for (uint32_t slot = 0; slot < streams_.size(); ++slot) {
        for (int side = 0; side < 2; ++side) {
            const Stream& stream = *streams_[slot];
            if (stream.live && stream.ends[1 - side].host == host) {
                wake_write({slot, stream.generation}, side, Duration::zero());
            }
        }
    }
}

void Fabric::heal(const std::vector<bool>& core) {
    for (HostIndex from = 0; from < hosts_.size(); ++from) {
        if (!core[from]) continue;
        hosts_[from].refusing = false;
        hosts_[from].read_bytes_max = 0;
        hosts_[from].write_pieces = 0;
        set_window(from, 0);
        for (HostIndex to = 0; to < hosts_.size(); ++to) {
            if (!core[to]) continue;
            Link& way = link(from, to);
            way.corrupt_per_million = 0;
            way.clogged_until = SimTime{};
            way.options = options_.link;
            if (from == to) way.options = {options_.loopback, 0};
            if (way.blocks > 0) {
                way.blocks = 1;
                unblock(from, to);
            }
        }
    }
}

size_t Fabric::stream_count() const {
    size_t count = 0;
    for (const auto& stream : streams_)
        count += stream->live ? 1 : 0;
    return count;
}

}  // namespace quern::sim
