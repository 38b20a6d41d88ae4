// Bytes of established streams: send, hold, deliver, read.
#include <algorithm>
#include <cstring>

#include "sim/world/fabric.h"
#include "system/base/assert.h"

namespace quern::sim {

namespace {

BufferChain part_of(const BufferChain& chain, size_t offset, size_t size) {
    BufferChain part;
    for (const Buffer& buffer : chain.parts()) {
        if (size == 0) break;
        if (offset >= buffer.size()) {
            offset -= buffer.size();
            continue;
        }
        const size_t take = std::min(size, buffer.size() - offset);
        part.append(buffer.slice(offset, take));
        offset = 0;
        size -= take;
    }
    return part;
}

}  // namespace

Stream* Fabric::find(StreamId id) {
    if (id.slot >= streams_.size()) return nullptr;
    Stream& stream = *streams_[id.slot];
    return stream.live && stream.generation == id.generation ? &stream : nullptr;
}

StreamId Fabric::stream_make() {
    uint32_t slot;
    if (streams_free_.empty()) {
        slot = static_cast<uint32_t>(streams_.size());
        streams_.push_back(std::make_unique<Stream>());
    } else {
        slot = streams_free_.back();
        streams_free_.pop_back();
    }
    Stream& stream = *streams_[slot];
    const uint32_t generation = stream.generation + 1;
    stream = Stream{};
    stream.generation = generation;
    stream.live = true;
    return {slot, generation};
}

void Fabric::stream_release_if_done(StreamId id) {
    Stream* stream = find(id);
    if (stream == nullptr || !stream->ends[0].finished || !stream->ends[1].finished) return;
    for (StreamEnd& end : stream->ends)
        scheduler_.cancel(end.stall_event);
    stream->live = false;
    const uint32_t generation = stream->generation;
    *stream = Stream{};
    stream->generation = generation;
    streams_free_.push_back(id.slot);
}

// --- out ---

void Fabric::write(StreamId id, int side, BufferChain data, Callback<void(Result<void>)> done) {
    Stream* stream = find(id);
    if (stream == nullptr || stream->ends[side].gone) return;
    StreamEnd& end = stream->ends[side];
    QUERN_ASSERT_MSG(!end.write_done, "one write at a time");
    end.write_done = std::move(done);
    if (!end.writable() || data.empty()) {
        wake_write(id, side, Duration::zero());
        return;
    }
    end.unread_bytes += data.size();
    const uint32_t pieces = hosts_[end.host].write_pieces;
    const uint64_t random = draw(seed_, Concern::segment_split, end.identity, end.segment_ordinal);
    if (pieces > 1) {
        counters_.struck(FaultKind::short_writes);
        write_in_pieces(id, side, data, pieces);
    } else if (data.size() > 1 && random % 16 == 0) {
        const size_t first = 1 + bounded(mix64(random), data.size() - 1);
        transmit(id, side, {Segment::What::data, part_of(data, 0, first)});
        transmit(id, side, {Segment::What::data, part_of(data, first, data.size() - first)});
    } else {
        transmit(id, side, {Segment::What::data, std::move(data)});
    }
    if (end.unread_bytes <= window_of(stream->ends[1 - side].host)) {
        wake_write(id, side, Duration::zero());
    } else if (hosts_[stream->ends[1 - side].host].window_bytes > 0) {
        counters_.struck(FaultKind::back_pressure);
    }
}

// The cuts fall where decoders are tender: mostly within the first bytes.
void Fabric::write_in_pieces(StreamId id, int side, const BufferChain& data, uint32_t pieces) {
    const StreamEnd& end = find(id)->ends[side];
    size_t offset = 0;
    for (uint32_t i = 0; offset < data.size(); ++i) {
        size_t size = data.size() - offset;
        if (i + 1 < pieces) {
            const uint64_t random =
                draw(seed_, Concern::segment_split, end.identity + 1, end.segment_ordinal);
            size = std::min<size_t>(size, i < 4 ? 1 + random % 7 : 1 + bounded(random, size));
        }
        transmit(id, side, {Segment::What::data, part_of(data, offset, size)});
        offset += size;
    }
}

void Fabric::transmit(StreamId id, int side, Segment segment) {
    Stream& stream = *find(id);
    StreamEnd& from = stream.ends[side];
    const StreamEnd& to = stream.ends[1 - side];
    const bool unreachable =
        blocked(from.host, to.host) || !hosts_[to.host].powered || from.black_hole;
    if (unreachable || !from.held.empty()) {
        // A reset is never sent again; the next byte that arrives here asks for another.
        if (segment.what == Segment::What::reset) {
            from.reset_sent = false;
        } else {
            hold(id, side, std::move(segment));
        }
        return;
    }
    dispatch(id, side, std::move(segment), Duration::zero());
}

void Fabric::hold(StreamId id, int side, Segment segment) {
    StreamEnd& from = find(id)->ends[side];
    from.held.push(std::move(segment));
    if (scheduler_.pending(from.stall_event)) return;
    from.stall_event =
        scheduler_.after(options_.stall_timeout, hosts_[from.host].owner, EventKind::deliver,
                         from.identity, [this, id, side] { stalled(id, side); });
}

void Fabric::stalled(StreamId id, int side) {
    if (find(id) != nullptr) fail_end(id, side, ErrorCode::timed_out);
}

// The link is whole again; the sender's retransmission timer decides when it notices.
void Fabric::release_held(StreamId id, int side) {
    StreamEnd& from = find(id)->ends[side];
    if (from.black_hole || !hosts_[find(id)->ends[1 - side].host].powered) return;
    scheduler_.cancel(from.stall_event);
    const Duration wait{static_cast<int64_t>(bounded(
        draw(seed_, Concern::stream_fate, from.identity, from.segment_ordinal), 400'000'000))};
    while (!from.held.empty())
        dispatch(id, side, from.held.pop(), wait);
}

void Fabric::dispatch(StreamId id, int side, Segment segment, Duration extra) {
    Stream& stream = *find(id);
    StreamEnd& from = stream.ends[side];
    const StreamEnd& to = stream.ends[1 - side];
    const uint64_t ordinal = from.segment_ordinal++;
    const uint32_t corruption = link(from.host, to.host).corrupt_per_million;
    if (corruption > 0 && !segment.data.empty()) {
        const uint64_t random = draw(seed_, Concern::corruption, from.identity, ordinal);
        if (bounded(random, 1'000'000) < corruption) corrupt(segment, mix64(random));
    }
    const SimTime when =
        arrival(from.host, to.host, from.identity, ordinal + 16, segment.data.size()) + extra;
    from.last_arrival = std::max(from.last_arrival, when);
    const Owner owner = to.gone ? world_owner : hosts_[to.host].owner;
    if (observer_) {
        observer_({from.host, to.host, scheduler_.now(), from.last_arrival, from.identity, &segment});
    }
    from.wire.push(std::move(segment));
    scheduler_.at(from.last_arrival, owner, EventKind::deliver, from.identity,
                  [this, id, side] { deliver(id, side); });
}

void Fabric::corrupt(Segment& segment, uint64_t random) {
    const Buffer whole = segment.data.flatten();
    MutableBuffer copy(whole.size());
    std::memcpy(copy.data(), whole.data(), whole.size());
    copy.data()[bounded(random, whole.size())] ^= static_cast<uint8_t>(1U << (random % 8));
    segment.data = BufferChain(std::move(copy).freeze());
    counters_.struck(FaultKind::corrupt_bytes);
}

void Fabric::send_reset(StreamId id, int side) {
    StreamEnd& from = find(id)->ends[side];
    if (std::exchange(from.reset_sent, true)) return;
    transmit(id, side, {Segment::What::reset, {}});
}

// --- in ---

void Fabric::deliver(StreamId id, int side) {
    Stream* stream = find(id);
    if (stream == nullptr || stream->ends[side].wire.empty()) return;
    Segment segment = stream->ends[side].wire.pop();
    StreamEnd& to = stream->ends[1 - side];
    if (segment.what == Segment::What::reset) {
        if (!to.gone) fail_end(id, 1 - side, ErrorCode::connection_reset);
        return;
    }
    if (to.finished || to.closed || to.failed != ErrorCode::ok) {
        if (segment.what == Segment::What::data) send_reset(id, 1 - side);
        return;
    }
    if (segment.what == Segment::What::end) {
        to.end_received = true;
    } else {
        to.received_bytes += segment.data.size();
        for (Buffer& buffer : segment.data.take())
            to.received.push(std::move(buffer));
    }
    if (to.read_done && !scheduler_.pending(to.read_event)) finish_read(id, 1 - side);
}

void Fabric::read(StreamId id, int side, std::span<uint8_t> into,
                  Callback<void(Result<size_t>)> done) {
    Stream* stream = find(id);
    if (stream == nullptr || stream->ends[side].gone) return;
    StreamEnd& end = stream->ends[side];
    QUERN_ASSERT_MSG(!end.read_done, "one read at a time");
    QUERN_ASSERT(!into.empty());
    end.read_into = into;
    end.read_done = std::move(done);
    const bool ready =
        end.received_bytes > 0 || end.end_received || end.closed || end.failed != ErrorCode::ok;
    if (ready) wake_read(id, side);
}

void Fabric::wake_read(StreamId id, int side) {
    StreamEnd& end = find(id)->ends[side];
    if (!end.read_done || scheduler_.pending(end.read_event)) return;
    end.read_event = scheduler_.at(scheduler_.now(), hosts_[end.host].owner, EventKind::transfer,
                                   end.identity, [this, id, side] { finish_read(id, side); });
}

void Fabric::finish_read(StreamId id, int side) {
    Stream* stream = find(id);
    if (stream == nullptr) return;
    StreamEnd& end = stream->ends[side];
    if (!end.read_done) return;
    Result<size_t> result = size_t{0};
    if (end.closed) {
        result = fail(ErrorCode::connection_closed);
    } else if (end.received_bytes > 0) {
        size_t size = std::min(end.received_bytes, end.read_into.size());
        const size_t most = hosts_[end.host].read_bytes_max;
        if (most > 0 && size > most) {
            // Long runs of tiny reads prove no more than a few: a big backlog goes in halves.
            const uint64_t random =
                draw(seed_, Concern::segment_split, end.identity + 2, end.read_ordinal++);
            size = size > 4096 && random % 8 != 0 ? size / 2 : 1 + bounded(random, most);
            counters_.struck(FaultKind::short_reads);
        }
        result = copy_received(end, size);
        StreamEnd& sender = stream->ends[1 - side];
        sender.unread_bytes -= std::min(size, sender.unread_bytes);
        if (sender.write_done && sender.unread_bytes <= window_of(end.host)) {
            wake_write(id, 1 - side, link(end.host, sender.host).options.latency.least);
        }
    } else if (end.failed != ErrorCode::ok) {
        result = fail(end.failed);
    } else if (!end.end_received) {
        return;
    }
    Callback<void(Result<size_t>)> done = std::move(end.read_done);
    done(std::move(result));
}

size_t Fabric::copy_received(StreamEnd& end, size_t size) {
    size_t copied = 0;
    while (copied < size) {
        Buffer& front = end.received.front();
        const size_t take = std::min(size - copied, front.size());
        std::memcpy(end.read_into.data() + copied, front.data(), take);
        copied += take;
        if (take == front.size()) {
            end.received.pop();
        } else {
            front = front.slice(take);
        }
    }
    end.received_bytes -= copied;
    return copied;
}

void Fabric::wake_write(StreamId id, int side, Duration delay) {
    StreamEnd& end = find(id)->ends[side];
    if (!end.write_done || scheduler_.pending(end.write_event)) return;
    end.write_event = scheduler_.after(delay, hosts_[end.host].owner, EventKind::transfer,
                                       end.identity, [this, id, side] { finish_write(id, side); });
}

void Fabric::finish_write(StreamId id, int side) {
    Stream* stream = find(id);
    if (stream == nullptr) return;
    StreamEnd& end = stream->ends[side];
    if (!end.write_done) return;
    Result<void> result;
    if (end.closed) {
        result = fail(ErrorCode::connection_closed);
    } else if (end.failed != ErrorCode::ok) {
        result = fail(end.failed);
    } else if (end.unread_bytes > window_of(stream->ends[1 - side].host)) {
        return;
    }
    Callback<void(Result<void>)> done = std::move(end.write_done);
    done(std::move(result));
}

}  // namespace quern::sim
