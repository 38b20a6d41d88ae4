// The network of a world: hosts, the directed links between them, and the streams over the links.
// It plays the kernels' TCP: three-way connect, in-order bytes, flow control, retransmission after
// an outage, resets, half-open ends. Fault-free until told otherwise.
//
// Latency is drawn per segment, keyed by the stream's direction and the segment's ordinal; order
// within a direction always holds. A write is one segment (sometimes two), whatever its size; its
// buffers are shared, not copied, until the reader's own memory is filled.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sim/world/draws.h"
#include "sim/world/fault_kind.h"
#include "sim/world/scheduler.h"
#include "sim/world/stream.h"
#include "system/io/network.h"

namespace quern::sim {

struct LinkOptions {
    LatencyShape latency{Duration::microseconds(60), Duration::microseconds(25), 1'000,
                         Duration::milliseconds(3)};
    uint64_t bytes_per_second = 0;  // 0: no limit
};

struct FabricOptions {
    LinkOptions link;
    LatencyShape loopback{Duration::microseconds(8), Duration::microseconds(4), 0, {}};
    size_t window_bytes = 1024 * 1024;  // unread bytes a direction holds before writes wait
    Duration connect_timeout = Duration::seconds(10);
    Duration stall_timeout = Duration::seconds(20);  // unacknowledged bytes end a stream after this
    size_t accept_backlog_max = 1024;
};

// One segment sets out. It is there at `arrives`, unless its stream breaks before.
struct Flight {
    HostIndex from = 0;
    HostIndex to = 0;
    SimTime sent;
    SimTime arrives;
    uint64_t direction = 0;  // of which stream, and which way
    const Segment* segment = nullptr;
};

class Fabric {
public:
    Fabric(Scheduler& scheduler, uint64_t seed, FabricOptions options, FaultCounters& counters);

    // Hosts, in the order of machines. A new host is powered and runs a process.
    HostIndex add_host(const std::string& name, Owner owner);
    // The process died. Its streams break: the peer sees an end or a reset (power stays), or
    // nothing until this host answers again (power lost).
    void process_died(HostIndex host, bool power_lost);
    void process_started(HostIndex host);

    // Links, directed. Blocks count: a link carries nothing until each block has been lifted.
    void block(HostIndex from, HostIndex to);
    void unblock(HostIndex from, HostIndex to);
    bool blocked(HostIndex from, HostIndex to) const { return link(from, to).blocks > 0; }
    // Nothing arrives over the link before `until`.
    void clog(HostIndex from, HostIndex to, SimTime until);
    void set_link(HostIndex from, HostIndex to, LinkOptions options);
    const LinkOptions& link_options(HostIndex from, HostIndex to) const {
        return link(from, to).options;
    }
    // One byte of this many in a million segments is changed.
    void set_corruption(HostIndex from, HostIndex to, uint32_t per_million);

    // Streams that exist between the two hosts now break: both ends see a reset.
    // Returns how many did. `part_per_cent` of them, drawn by `key`.
    size_t reset_streams(HostIndex a, HostIndex b, uint64_t key, uint32_t part_per_cent = 100);
    // As above, but only the end at `loser` learns; the other is half open. What it sends is
    // answered with a reset, or by nothing if drawn so.
    size_t half_open_streams(HostIndex loser, HostIndex other, uint64_t key,
                             uint32_t part_per_cent = 100);

    // Connects to this host are refused.
    void set_refusing(HostIndex host, bool refusing) { hosts_[host].refusing = refusing; }
    // Reads at this host return at most this many bytes (0: no limit).
    void set_read_bytes_max(HostIndex host, size_t bytes) { hosts_[host].read_bytes_max = bytes; }
    // Writes at this host leave in many small pieces.
    void set_write_pieces(HostIndex host, uint32_t pieces) { hosts_[host].write_pieces = pieces; }
    // The window of what this host receives (0: the default).
    void set_window(HostIndex host, size_t bytes);
    // Lifts every block, clog, corruption and limit that touches only hosts with `core[host]` set.
    void heal(const std::vector<bool>& core);

    size_t stream_count() const;
    // Called with each segment that sets out; nullptr for none. Must not change the world.
    void set_observer(Callback<void(const Flight&)> observer) { observer_ = std::move(observer); }

    // For SimNetwork and its handles (sim_network.cc).
    struct Bound {
        uint16_t port = 0;
        uint64_t number = 0;  // of the listener, so that a stale handle stops no other
    };
    Result<Bound> listen(HostIndex host, const Endpoint& at,
                         Callback<void(std::unique_ptr<Connection>)> accepted);
    void unlisten(HostIndex host, uint16_t port, uint64_t number);
    void connect(HostIndex from, const Endpoint& to,
                 Callback<void(Result<std::unique_ptr<Connection>>)> done);
    void read(StreamId id, int side, std::span<uint8_t> into, Callback<void(Result<size_t>)> done);
    void write(StreamId id, int side, BufferChain data, Callback<void(Result<void>)> done);
    void close(StreamId id, int side);
    void detach(StreamId id, int side);
    const std::string& host_name(HostIndex host) const { return hosts_[host].name; }

private:
    struct ListenerState {
        uint64_t number = 0;
        Callback<void(std::unique_ptr<Connection>)> accepted;
        size_t backlog = 0;
    };
    struct Host {
        std::string name;
        uint64_t identity = 0;
        Owner owner = 0;
        bool running = true;
        bool powered = true;
        bool refusing = false;
        size_t read_bytes_max = 0;
        uint32_t write_pieces = 0;
        size_t window_bytes = 0;
        uint16_t next_port = 49152;
        uint64_t connect_ordinal = 0;
        std::map<uint16_t, ListenerState> listeners;
    };
    struct Link {
        LinkOptions options;
        uint32_t blocks = 0;
        uint32_t corrupt_per_million = 0;
        SimTime clogged_until;
        SimTime busy_until;
    };
    struct PendingConnect {
        HostIndex from = 0;
        HostIndex to = 0;
        Endpoint endpoint;
        uint16_t local_port = 0;
        uint64_t identity = 0;
        uint32_t attempt = 0;
        bool answered = false;
        SimTime deadline;
        Callback<void(Result<std::unique_ptr<Connection>>)> done;
    };

    Callback<void(const Flight&)> observer_;
    Link& link(HostIndex from, HostIndex to) { return links_[from][to]; }
    const Link& link(HostIndex from, HostIndex to) const { return links_[from][to]; }
    const Host* find_host(const std::string& name) const;
    Duration latency(HostIndex from, HostIndex to, uint64_t identity, uint64_t ordinal);
    SimTime arrival(HostIndex from, HostIndex to, uint64_t identity, uint64_t ordinal,
                    size_t bytes);

    // fabric_connect.cc
    void connect_attempt(uint64_t number);
    void connect_arrived(uint64_t number);
    void connect_finish(uint64_t number, ErrorCode code);
    void establish(uint64_t number);
    void accept(StreamId id, uint16_t port, uint64_t listener);
    uint16_t take_port(Host& host);

    // fabric_stream.cc
    Stream* find(StreamId id);
    StreamId stream_make();
    void stream_release_if_done(StreamId id);
    void transmit(StreamId id, int side, Segment segment);
    void dispatch(StreamId id, int side, Segment segment, Duration extra);
    void hold(StreamId id, int side, Segment segment);
    void stalled(StreamId id, int side);
    void release_held(StreamId id, int side);
    void deliver(StreamId id, int side);
    void send_reset(StreamId id, int side);
    void fail_end(StreamId id, int side, ErrorCode code);
    void wake_read(StreamId id, int side);
    void finish_read(StreamId id, int side);
    void wake_write(StreamId id, int side, Duration delay);
    void finish_write(StreamId id, int side);
    void write_in_pieces(StreamId id, int side, const BufferChain& data, uint32_t pieces);
    void corrupt(Segment& segment, uint64_t random);
    void end_died(StreamId id, int side, bool power_lost);
    size_t window_of(HostIndex receiver) const;
    size_t copy_received(StreamEnd& end, size_t size);

    Scheduler& scheduler_;
    uint64_t seed_;
    FabricOptions options_;
    FaultCounters& counters_;
    std::vector<Host> hosts_;
    std::vector<std::vector<Link>> links_;
    std::vector<std::unique_ptr<Stream>> streams_;
    std::vector<uint32_t> streams_free_;
    std::map<uint64_t, PendingConnect> connects_;
    uint64_t connect_number_ = 0;
    uint64_t listener_number_ = 0;
};

}  // namespace quern::sim
