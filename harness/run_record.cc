#include "harness/run_record.h"

#include <algorithm>
#include <charconv>

#include "system/wire/frame.h"

namespace quern::harness {

namespace {

constexpr std::string_view frame_magic = "QRN1";

// Follows the frames of each direction of each stream through its segments.
class FrameTap {
public:
    // Kind of the first frame that begins in the segment, and how many do.
    std::pair<uint16_t, uint16_t> look(const sim::Flight& flight) {
        const Buffer whole = flight.segment->data.flatten();
        uint64_t& left = left_[flight.direction];  // bytes of a frame that began before
        uint16_t kind = 0;
        uint16_t frames = 0;
        size_t at = static_cast<size_t>(std::min<uint64_t>(left, whole.size()));
        left -= at;
        while (at + wire::frame_header_bytes <= whole.size()) {
            const uint8_t* header = whole.data() + at;
            if (std::string_view(reinterpret_cast<const char*>(header), 4) != frame_magic) break;
            if (frames++ == 0) kind = static_cast<uint16_t>(header[4] | header[5] << 8);
            uint64_t size = 0;
            for (int i = 3; i >= 0; --i) size = size << 8 | header[8 + i];
            size = wire::frame_header_bytes + (size + 7) / 8 * 8;
            const uint64_t here = std::min<uint64_t>(size, whole.size() - at);
            left = size - here;
            at += here;
        }
        return {kind, frames};
    }

private:
    std::map<uint64_t, uint64_t> left_;
};

class RecordMaker {
public:
    explicit RecordMaker(const RunPlan& plan) {
        record_.plan = plan;
        add_machines('c', plan.clients);
        add_machines('b', plan.balancers);
        add_machines('s', plan.storage_nodes);
    }

    RunRecord make() {
        RunOptions options;
        options.flight = [this](const sim::Flight& flight, const std::string& from,
                                const std::string& to) { add(flight, from, to); };
        options.machine = [this](const std::string& name, bool running, int64_t at_ns) {
            if (running) {
                end_down(place(name), at_ns);
            } else {
                record_.downs.push_back({place(name), at_ns, INT64_MAX});
            }
        };
        options.story = [this](const std::string& line) { add_word(line); };
        options.history = [this](const History& history, const CheckOptions&) {
            record_.history = history;
        };
        record_.result = run(record_.plan, std::move(options));
        for (RunRecord::Down& down : record_.downs) {
            down.until_ns = std::min(down.until_ns, record_.result.simulated_ns);
        }
        return std::move(record_);
    }

private:
    void add_machines(char letter, int64_t count) {
        for (int64_t i = 1; i <= count; ++i) place(letter + std::to_string(i));
    }
    uint32_t place(const std::string& name) {
        const auto [at, fresh] = places_.try_emplace(name, record_.machines.size());
        if (fresh) record_.machines.push_back(name);
        return static_cast<uint32_t>(at->second);
    }
    void end_down(uint32_t machine, int64_t at_ns) {
        for (RunRecord::Down& down : record_.downs) {
            if (down.machine == machine && down.until_ns == INT64_MAX) down.until_ns = at_ns;
        }
    }
    void add(const sim::Flight& flight, const std::string& from, const std::string& to) {
        const auto [kind, frames] = tap_.look(flight);
        if (record_.flights.size() == flights_max) {
            ++record_.flights_left_out;
            return;
        }
        record_.flights.push_back({place(from), place(to), flight.sent.ns, flight.arrives.ns, kind,
                                   static_cast<uint32_t>(flight.segment->data.size()), frames});
    }
    // "t=1.250000 s1 leader of group 0 in term 3"
    void add_word(const std::string& line) {
        RunRecord::Word word;
        const size_t who = line.find(' ');
        const size_t what = line.find(' ', who + 1);
        if (!line.starts_with("t=") || who == std::string::npos || what == std::string::npos) return;
        const size_t dot = line.find('.');
        int64_t seconds = 0;
        int64_t micros = 0;
        std::from_chars(line.data() + 2, line.data() + dot, seconds);
        std::from_chars(line.data() + dot + 1, line.data() + who, micros);
        word.at_ns = seconds * 1'000'000'000 + micros * 1'000;
        word.who = line.substr(who + 1, what - who - 1);
        word.text = line.substr(what + 1);
        unsigned group = 0;
        unsigned long long term = 0;
        if (std::sscanf(word.text.c_str(), "leader of group %u in term %llu", &group, &term) == 2) {
            record_.leads.push_back({place(word.who), group, term, word.at_ns});
        }
        if (record_.words.size() < words_max) record_.words.push_back(std::move(word));
    }

    RunRecord record_;
    FrameTap tap_;
    std::map<std::string, size_t> places_;
};

}  // namespace

RunRecord record_run(const RunPlan& plan) { return RecordMaker(plan).make(); }

std::string_view frame_kind_name(uint16_t kind) {
    switch (static_cast<wire::FrameKind>(kind)) {
        case wire::FrameKind::hello: return "hello";
        case wire::FrameKind::hello_reply: return "hello_reply";
        case wire::FrameKind::authenticate: return "authenticate";
        case wire::FrameKind::authenticate_reply: return "authenticate_reply";
        case wire::FrameKind::goodbye: return "goodbye";
        case wire::FrameKind::request: return "request";
        case wire::FrameKind::response: return "response";
        case wire::FrameKind::raft: return "raft";
        case wire::FrameKind::ping: return "ping";
        case wire::FrameKind::pong: return "pong";
        case wire::FrameKind::forward: return "forward";
        case wire::FrameKind::forward_reply: return "forward_reply";
        case wire::FrameKind::query: return "query";
        case wire::FrameKind::query_reply: return "query_reply";
        case wire::FrameKind::snapshot_offer: return "snapshot_offer";
        case wire::FrameKind::snapshot_chunk: return "snapshot_chunk";
        case wire::FrameKind::snapshot_reply: return "snapshot_reply";
        case wire::FrameKind::cancel: return "cancel";
        default: return "bytes";
    }
}

}  // namespace quern::harness
