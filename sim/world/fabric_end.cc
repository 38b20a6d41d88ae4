// How streams end: in order, by reset, with their process, or with their host's power.
#include "sim/world/fabric.h"
#include "system/base/assert.h"

namespace quern::sim {

void Fabric::close(StreamId id, int side) {
    Stream* stream = find(id);
    if (stream == nullptr) return;
    StreamEnd& end = stream->ends[side];
    if (end.gone || end.closed) return;
    const bool tell = end.failed == ErrorCode::ok;
    end.closed = true;
    end.received.clear();
    end.received_bytes = 0;
    if (tell) transmit(id, side, {Segment::What::end, {}});
    wake_read(id, side);
    wake_write(id, side, Duration::zero());
}

void Fabric::detach(StreamId id, int side) {
    Stream* stream = find(id);
    if (stream == nullptr || stream->ends[side].gone) return;
    StreamEnd& end = stream->ends[side];
    const Callback<void(Result<size_t>)> read_done = std::move(end.read_done);
    const Callback<void(Result<void>)> write_done = std::move(end.write_done);
    scheduler_.cancel(end.read_event);
    scheduler_.cancel(end.write_event);
    if (!end.closed && end.failed == ErrorCode::ok) {
        if (write_done) {
            send_reset(id, side);
        } else {
            transmit(id, side, {Segment::What::end, {}});
        }
    }
    end.attached = false;
    end.finished = true;
    end.received.clear();
    end.received_bytes = 0;
    stream_release_if_done(id);
}

void Fabric::fail_end(StreamId id, int side, ErrorCode code) {
    Stream* stream = find(id);
    if (stream == nullptr || stream->ends[side].gone) return;
    StreamEnd& end = stream->ends[side];
    if (end.failed != ErrorCode::ok) return;
    end.failed = code;
    // Kernels differ in whether bytes that came before a reset can still be read.
    if (draw(seed_, Concern::stream_fate, end.identity, 1) % 2 == 0) {
        end.received.clear();
        end.received_bytes = 0;
    }
    end.held.clear();
    scheduler_.cancel(end.stall_event);
    wake_read(id, side);
    wake_write(id, side, Duration::zero());
}

void Fabric::end_died(StreamId id, int side, bool power_lost) {
    Stream& stream = *find(id);
    StreamEnd& end = stream.ends[side];
    StreamEnd& other = stream.ends[1 - side];
    if (end.gone) return;
    const Callback<void(Result<size_t>)> read_done = std::move(end.read_done);
    const Callback<void(Result<void>)> write_done = std::move(end.write_done);
    scheduler_.cancel(end.read_event);
    scheduler_.cancel(end.write_event);
    const bool was_open = end.writable();
    end.gone = end.finished = true;
    end.attached = false;
    other.wire.clear();
    if (power_lost) {
        // Of what was on its way, a part had left the host.
        end.held.clear();
        const uint64_t random = draw(seed_, Concern::stream_fate, end.identity, 2);
        for (size_t lost = bounded(random, end.wire.size() + 1); lost > 0; --lost) {
            end.wire.pop_back();
        }
        if (other.unread_bytes > 0 && other.writable() && !scheduler_.pending(other.stall_event)) {
            other.stall_event = scheduler_.after(options_.stall_timeout, hosts_[other.host].owner,
                                                 EventKind::deliver, other.identity,
                                                 [this, id, side] { stalled(id, 1 - side); });
        }
    } else if (was_open) {
        const bool unread = end.received_bytes > 0;
        const uint64_t random = draw(seed_, Concern::stream_fate, end.identity, 3);
        if (unread || write_done || random % 2 == 0) {
            send_reset(id, side);
        } else {
            transmit(id, side, {Segment::What::end, {}});
        }
    }
    stream_release_if_done(id);
}

}  // namespace quern::sim
