// Judges the main job: what was sent, received and deleted of every line of the input, held against
// what the queue promises. Pure: it is told what happened and says what was wrong.
//
// Lines are known by number, so that equal lines are different messages. Deliveries of one line are
// compared by cluster time and log index, which are those of the queue's group, not of this process.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "system/base/ids.h"
#include "system/base/time.h"

namespace quern::cli {

// One message as a receive gave it.
struct LineDelivery {
    uint64_t line = 0;
    uint64_t body_hash = 0;
    MessageSeq seq;
    LogIndex index;           // at which it was leased
    ClusterTime leased_from;
    ClusterTime leased_until;
};

struct LedgerTotals {
    uint64_t lines = 0;
    uint64_t acked = 0;      // sends that returned OK
    uint64_t uncertain = 0;  // sends whose outcome stayed unknown
    uint64_t refused = 0;    // sends that were not done, for good
    uint64_t received = 0;   // different lines
    uint64_t deliveries = 0;
    uint64_t redelivered = 0;  // again after their lease had ended, as promised
    uint64_t deleted = 0;
    // Violations.
    uint64_t lost = 0;        // acked, never received
    uint64_t duplicated = 0;  // received twice under one lease, stored twice, or after the delete's OK
    uint64_t damaged = 0;     // another body than was sent, or a line that nobody sent
};

class Ledger {
public:
    // The next line of the input, from 1.
    uint64_t add_line(uint64_t body_hash);
    void send_acked(uint64_t line);
    void send_uncertain(uint64_t line);
    void send_refused(uint64_t line);
    // True if the line is new: to be counted as progress.
    bool delivered(const LineDelivery& delivery);
    // A delete returned OK at this log index.
    void delete_acked(uint64_t line, LogIndex index);

    // Every acked line was received, and every received line's delete returned OK.
    bool complete() const;
    // Counts what is missing as lost.
    LedgerTotals totals() const;
    bool all_well() const;
    // The first violations, in words.
    std::vector<std::string> complaints() const;

private:
    static constexpr size_t complaints_max = 10;
    enum class Sent : uint8_t { under_way, acked, uncertain, refused };
    struct Line {
        uint64_t body_hash = 0;
        MessageSeq seq;
        LogIndex index;  // of the latest delivery; 0: none
        ClusterTime leased_from;
        ClusterTime leased_until;
        LogIndex deleted;  // 0: not yet
        Sent sent = Sent::under_way;
    };
    void judge_again(Line& line, const LineDelivery& delivery);
    void complain(uint64_t line, std::string what);

    std::vector<Line> lines_;
    LedgerTotals counts_;
    uint64_t acked_received_ = 0;
    std::vector<std::string> complaints_;
};

}  // namespace quern::cli
