// Q14 and the queue size: what a status says against what clients know to have happened.
#include <algorithm>

#include <fmt/format.h>

#include "harness/checkers.h"

namespace quern::harness {

namespace {


// Counts events by time, so that each status costs two binary searches.
class Tally {
public:
    void add(int64_t at_ns, uint64_t count) { events_.emplace_back(at_ns, count); }
    void seal() {
        std::sort(events_.begin(), events_.end());
        uint64_t sum = 0;
        for (auto& [at, count] : events_) count = sum += count;
    }
    uint64_t before(int64_t at_ns) const {
        auto it = std::lower_bound(events_.begin(), events_.end(), std::pair{at_ns, uint64_t{0}});
        return it == events_.begin() ? 0 : std::prev(it)->second;
    }

private:
    std::vector<std::pair<int64_t, uint64_t>> events_;
};

struct QueueTally {
    Tally asked;  // by invocation, whatever incarnation took it
    Tally deletions;
};
struct IncarnationTally {
    Tally accepted;  // by return
    Tally delivered;
};

class CounterCheck {
public:
    CounterCheck(const HistoryIndex& index, Verdict& verdict) : index_(index), verdict_(verdict) {}

    void run() {
        for (const Operation& op : index_.history().operations) count(op);
        for (auto& [name, tally] : queues_) {
            tally.asked.seal();
            tally.deletions.seal();
        }
        for (auto& [id, tally] : incarnations_) {
            tally.accepted.seal();
            tally.delivered.seal();
        }
        for (const auto& [name, story] : index_.queues()) {
            for (const Operation* op : story.statuses) {
                if (op->ok()) judge(*op, story);
            }
        }
    }

private:
    void count(const Operation& op) {
        if (op.kind == OpKind::send && op.possible()) {
            queues_[op.queue].asked.add(op.invoked_ns, op.sent.size());
            const auto accepted = static_cast<uint64_t>(
                std::count_if(op.sent.begin(), op.sent.end(), [](const SentMessage& m) {
                    return m.error == ErrorCode::ok;
                }));
            if (op.ok()) incarnations_[op.at.queue].accepted.add(op.returned_ns, accepted);
        }
        if (op.kind == OpKind::receive && op.ok()) {
            incarnations_[op.at.queue].delivered.add(op.returned_ns, op.seen.size());
        }
        if (op.kind == OpKind::remove && op.possible()) {
            queues_[op.queue].deletions.add(op.invoked_ns, op.receipts.size());
        }
    }

    void judge(const Operation& op, const QueueStory& story) {
        const queue::Counters& c = op.counters;
        const uint64_t gone = c.deleted + c.expired + c.purged + c.dropped;
        expect(op, c.sent == c.live() + gone, "messages sent are not all live or gone");
        expect(op, c.live() > 0 || c.live_bytes == 0, "an empty queue holds bytes");
        const IncarnationTally& mine = incarnations_[op.at.queue];
        const QueueTally& all = queues_[op.queue];
        expect(op, c.sent >= mine.accepted.before(op.invoked_ns), "fewer sent than were accepted");
        expect(op, c.sent <= all.asked.before(op.returned_ns), "more sent than clients asked for");
        expect(op, c.received >= mine.delivered.before(op.invoked_ns),
               "fewer received than were delivered");
        expect(op, c.deleted <= all.deletions.before(op.returned_ns),
               "more deleted than clients asked for");
        expect(op, c.dropped == 0 || story.drop_oldest, "dropped from a queue that rejects");
        judge_size(op, story);
    }

    // Where attributes were never changed after creation, the limits held at every index.
    void judge_size(const Operation& op, const QueueStory& story) {
        if (!story.settings.empty()) return;
        const QueueAttributes& a = op.attributes;
        const bool many = a.queue_messages_max != 0 && op.counters.live() > a.queue_messages_max;
        const bool much = a.queue_bytes_max != 0 && op.counters.live_bytes > a.queue_bytes_max;
        if (!many && !much) return;
        verdict_.add("S1", fmt::format("the queue holds {} messages, {} bytes; it may hold {} and {}: "
                                       "{}",
                                       op.counters.live(), op.counters.live_bytes,
                                       a.queue_messages_max, a.queue_bytes_max, to_string(op)),
                     op.returned_ns);
    }

    void expect(const Operation& op, bool holds, const char* what) {
        if (!holds) verdict_.add("Q14", fmt::format("{}: {}", what, to_string(op)), op.returned_ns);
    }

    const HistoryIndex& index_;
    Verdict& verdict_;
    std::map<std::string, QueueTally> queues_;
    std::map<QueueId, IncarnationTally> incarnations_;
};

}  // namespace

void check_counters(const HistoryIndex& index, Verdict& verdict) { CounterCheck(index, verdict).run(); }

}  // namespace quern::harness
