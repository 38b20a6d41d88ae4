// A whole run as data, for those who want to look at it afterwards: what flew between machines, when they
// were up, who led, what clients did, what was said and found.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "harness/runner.h"

namespace quern::harness {

struct RunRecord {
    struct Flight {
        uint32_t from = 0;  // place in `machines`
        uint32_t to = 0;
        int64_t sent_ns = 0;
        int64_t arrives_ns = 0;
        uint16_t kind = 0;   // of the first frame in it (wire::FrameKind); 0: the middle of one
        uint32_t bytes = 0;
        uint16_t frames = 0;
    };
    struct Down {
        uint32_t machine = 0;
        int64_t from_ns = 0;
        int64_t until_ns = 0;
    };
    struct Lead {
        uint32_t machine = 0;
        uint32_t group = 0;
        uint64_t term = 0;
        int64_t from_ns = 0;
    };
    struct Word {
        int64_t at_ns = 0;
        std::string who;
        std::string text;
    };

    RunPlan plan;
    RunResult result;
    History history;
    std::vector<std::string> machines;  // clients, balancers, storage nodes; each by number
    std::vector<Flight> flights;        // by the time they set out
    uint64_t flights_left_out = 0;      // beyond the most that are kept
    std::vector<Down> downs;
    std::vector<Lead> leads;            // by time
    std::vector<Word> words;            // by time; at most words_max
};

constexpr size_t flights_max = 1'000'000;
constexpr size_t words_max = 300'000;

RunRecord record_run(const RunPlan& plan);

// "raft", "forward", …; "bytes" for what is not the beginning of a frame.
std::string_view frame_kind_name(uint16_t kind);

}  // namespace quern::harness
