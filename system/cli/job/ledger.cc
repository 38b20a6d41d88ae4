#include "system/cli/job/ledger.h"

#include <fmt/format.h>

#include "system/base/assert.h"

namespace quern::cli {

uint64_t Ledger::add_line(uint64_t body_hash) {
    Line line;
    line.body_hash = body_hash;
    lines_.push_back(line);
    return ++counts_.lines;
}

void Ledger::send_acked(uint64_t line) {
    Line& it = lines_[line - 1];
    QUERN_ASSERT(it.sent == Sent::under_way);
    it.sent = Sent::acked;
    ++counts_.acked;
    if (it.index) ++acked_received_;
}

void Ledger::send_uncertain(uint64_t line) {
    QUERN_ASSERT(lines_[line - 1].sent == Sent::under_way);
    lines_[line - 1].sent = Sent::uncertain;
    ++counts_.uncertain;
}

void Ledger::send_refused(uint64_t line) {
    QUERN_ASSERT(lines_[line - 1].sent == Sent::under_way);
    lines_[line - 1].sent = Sent::refused;
    ++counts_.refused;
}

bool Ledger::delivered(const LineDelivery& delivery) {
    ++counts_.deliveries;
    if (delivery.line == 0 || delivery.line > lines_.size()) {
        ++counts_.damaged;
        complain(delivery.line, "was received, but there is no such line");
        return false;
    }
    Line& line = lines_[delivery.line - 1];
    if (delivery.body_hash != line.body_hash) {
        ++counts_.damaged;
        complain(delivery.line, "was received with another body than was sent");
    }
    if (line.sent == Sent::refused) {
        ++counts_.damaged;
        complain(delivery.line, "was received although its send was refused");
    }
    const bool fresh = !line.index;
    if (fresh) {
        ++counts_.received;
        if (line.sent == Sent::acked) ++acked_received_;
    } else {
        judge_again(line, delivery);
    }
    if (delivery.index >= line.index) {
        line.index = delivery.index;
        line.leased_from = delivery.leased_from;
        line.leased_until = delivery.leased_until;
    }
    line.seq = delivery.seq;
    return fresh;
}

void Ledger::judge_again(Line& line, const LineDelivery& delivery) {
    // Answers may overtake each other: the order is that of the log.
    const bool later = delivery.index > line.index;
    const ClusterTime first_until = later ? line.leased_until : delivery.leased_until;
    const ClusterTime second_from = later ? delivery.leased_from : line.leased_from;
    if (delivery.seq != line.seq) {
        ++counts_.duplicated;
        complain(delivery.line, fmt::format("was stored twice, as messages {} and {}",
                                            line.seq.value, delivery.seq.value));
    } else if (second_from < first_until) {
        ++counts_.duplicated;
        complain(delivery.line, fmt::format("was received again {} ms before its lease ended",
                                            first_until.ms - second_from.ms));
    } else if (line.deleted && delivery.index > line.deleted) {
        ++counts_.duplicated;
        complain(delivery.line, "was received after its delete had returned OK");
    } else {
        ++counts_.redelivered;
    }
}

void Ledger::delete_acked(uint64_t line, LogIndex index) {
    Line& it = lines_[line - 1];
    if (it.deleted) return;
    it.deleted = index;
    ++counts_.deleted;
    if (it.index > index) {
        ++counts_.duplicated;
        complain(line, "was received after its delete had returned OK");
    }
}

bool Ledger::complete() const {
    if (acked_received_ != counts_.acked || counts_.deleted != counts_.received) return false;
    // An uncertain one may be in the queue yet.
    return counts_.uncertain == 0 || counts_.received + counts_.refused == counts_.lines;
}

LedgerTotals Ledger::totals() const {
    LedgerTotals totals = counts_;
    totals.lost = counts_.acked - acked_received_;
    return totals;
}

bool Ledger::all_well() const {
    const LedgerTotals totals = this->totals();
    return totals.lost == 0 && totals.duplicated == 0 && totals.damaged == 0 &&
           totals.received == totals.lines && totals.deleted == totals.lines;
}

std::vector<std::string> Ledger::complaints() const {
    std::vector<std::string> all = complaints_;
    for (size_t i = 0; i < lines_.size() && all.size() < complaints_max; ++i) {
        if (lines_[i].sent == Sent::acked && !lines_[i].index)
            all.push_back(fmt::format("line {} was acked but never received", i + 1));
    }
    return all;
}

void Ledger::complain(uint64_t line, std::string what) {
    if (complaints_.size() < complaints_max)
        complaints_.push_back(fmt::format("line {} {}", line, std::move(what)));
}

}  // namespace quern::cli
