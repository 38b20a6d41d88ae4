// Codecs of the hot path, per call: requests and responses, frames, command batches, raft appends.
// Run: quern-bench-micro --benchmark_filter=wire
#include <benchmark/benchmark.h>

#include <string>

#include "system/wire/client_messages.h"
#include "system/wire/command_codec.h"
#include "system/wire/peer_messages.h"

namespace {

using namespace quern;
using namespace quern::wire;

const std::string body(1024, 'b');

Request send_request(size_t entries) {
    Request request;
    request.queue = QueueId(3);
    request.queue_name = "orders";
    request.token = {SessionId(7), 8, 8, ClusterTime{1}};
    request.operation =
        SendRequest{std::vector<queue::SendEntry>(entries, {as_bytes(body), 1024, -1})};
    return request;
}

Buffer flatten(const Encoded& encoded) {
    BufferChain chain(encoded.head);
    chain.append(encoded.attachments);
    return chain.flatten();
}

void wire_encode_send(benchmark::State& state) {
    const auto entries = static_cast<size_t>(state.range(0));
    const Request request = send_request(entries);
    BufferChain contents;
    for (size_t i = 0; i < entries; ++i) contents.append(Buffer::copy_of(body));
    for (auto _ : state) {
        Encoded encoded = encode(request, contents);
        benchmark::DoNotOptimize(encode_frame(FrameKind::request, 1, std::move(encoded.head),
                                              std::move(encoded.attachments)));
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(wire_encode_send)->Arg(1)->Arg(10)->Arg(100);

void wire_decode_send(benchmark::State& state) {
    const Encoded encoded = encode(send_request(static_cast<size_t>(state.range(0))));
    const Buffer whole = flatten(encoded);
    const auto head = static_cast<uint32_t>(encoded.head.size());
    for (auto _ : state) benchmark::DoNotOptimize(decode_request(whole, head));
    state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(wire_decode_send)->Arg(1)->Arg(10)->Arg(100);

void wire_frame_decode(benchmark::State& state) {
    const auto size = static_cast<size_t>(state.range(0));
    const Buffer stream =
        encode_frame(FrameKind::request, 1, Buffer::copy_of("headhead"),
                     BufferChain(Buffer::copy_of(std::string(size, 'x'))))
            .flatten();
    FrameDecoder decoder(8 * 1024 * 1024);
    std::vector<Frame> frames;
    for (auto _ : state) {
        for (ByteSpan rest = stream.span(); !rest.empty();) {
            const auto space = decoder.space();
            const size_t piece = std::min(rest.size(), space.size());
            std::memcpy(space.data(), rest.data(), piece);
            if (!decoder.consumed(piece, frames)) std::abort();
            rest = rest.subspan(piece);
        }
        frames.clear();
    }
    state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(stream.size()));
}
BENCHMARK(wire_frame_decode)->Arg(100)->Arg(1024)->Arg(64 * 1024)->Arg(1024 * 1024);

std::vector<queue::Command> sends(size_t count) {
    queue::Command command;
    command.queue = QueueId(3);
    command.token = {SessionId(7), 8, 8, ClusterTime{1}};
    command.operation = queue::Send{{{as_bytes(body), 1024, -1}}};
    return std::vector<queue::Command>(count, command);
}

void wire_encode_commands(benchmark::State& state) {
    const auto commands = sends(static_cast<size_t>(state.range(0)));
    for (auto _ : state) benchmark::DoNotOptimize(encode_commands(ClusterTime{1}, commands));
    state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(wire_encode_commands)->Arg(1)->Arg(64)->Arg(1024);

void wire_decode_commands(benchmark::State& state) {
    const Buffer payload =
        encode_commands(ClusterTime{1}, sends(static_cast<size_t>(state.range(0))));
    CommandBatch batch;
    for (auto _ : state) {
        if (!decode_commands(payload, batch)) std::abort();
        benchmark::DoNotOptimize(batch.commands.data());
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(wire_decode_commands)->Arg(1)->Arg(64)->Arg(1024);

std::vector<RaftMessage> appends(size_t groups, size_t payload_bytes) {
    std::vector<RaftMessage> messages(groups);
    for (RaftMessage& one : messages) {
        one.message.kind = raft::MessageKind::append_request;
        one.message.entries.push_back({LogIndex(5), Term(2), raft::EntryKind::command,
                                       Buffer::copy_of(std::string(payload_bytes, 'p'))});
    }
    return messages;
}

void wire_encode_append(benchmark::State& state) {
    const auto messages = appends(static_cast<size_t>(state.range(0)), 4096);
    for (auto _ : state) benchmark::DoNotOptimize(encode_raft(messages));
    state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(wire_encode_append)->Arg(1)->Arg(100);

void wire_decode_append(benchmark::State& state) {
    const Encoded encoded = encode_raft(appends(static_cast<size_t>(state.range(0)), 4096));
    Frame frame;
    frame.kind = FrameKind::raft;
    frame.head_bytes = static_cast<uint32_t>(encoded.head.size());
    frame.body = flatten(encoded);
    for (auto _ : state) benchmark::DoNotOptimize(decode_raft(frame));
    state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(wire_decode_append)->Arg(1)->Arg(100);

void wire_encode_received(benchmark::State& state) {
    Response response;
    ReceiveResponse received;
    for (int64_t i = 0; i < state.range(0); ++i) {
        ReceivedMessage message;
        message.content = Buffer::copy_of(body);
        message.body_bytes = 1024;
        received.messages.push_back(std::move(message));
    }
    response.body = std::move(received);
    for (auto _ : state) benchmark::DoNotOptimize(encode(response));
    state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(wire_encode_received)->Arg(1)->Arg(10)->Arg(100);

}  // namespace
