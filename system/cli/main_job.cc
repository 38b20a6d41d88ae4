#include "system/cli/main_job.h"

#include <fmt/format.h>

#include <cstdio>
#include <optional>

#include "system/cli/job/line_job.h"
#include "system/cli/line_file.h"
#include "system/cli/main_job_report.h"
#include "system/cli/progress.h"

namespace quern::cli {

namespace {

constexpr Duration stuck_after = Duration::seconds(90);
constexpr Duration restart_after = Duration::seconds(1);

struct Scan {
    uint64_t lines = 0;
    uint64_t too_long = 0;
    uint64_t first_too_long = 0;
};

// Lines as long as the number that travels with them allows.
constexpr size_t line_bytes_max = limits::message_bytes_max - sizeof(uint64_t);

Result<Scan> scan_file(const std::string& path) {
    Result<LineFile> file = LineFile::open(path);
    if (!file) return fail(std::move(file.error()));
    Scan scan;
    std::string_view line;
    while (file->next(line)) {
        ++scan.lines;
        if (line.size() <= line_bytes_max) continue;
        if (scan.too_long++ == 0) scan.first_too_long = file->number();
    }
    if (file->failed()) return fail(ErrorCode::io_failed, "cannot read " + path + " to its end");
    return scan;
}

// Asks and waits.
template <typename T>
Result<T> await(DevSession& session, Callback<void(Callback<void(Result<T>)>)> ask) {
    auto answer = std::make_shared<std::optional<Result<T>>>();
    ask([answer](Result<T> result) { *answer = std::move(result); });
    session.run_until([answer] { return answer->has_value(); });
    if (answer->has_value()) return std::move(**answer);
    return fail(ErrorCode::cancelled, "interrupted");
}

// Kills the leader of the queue's group once half is done, and starts it again a second later.
class LeaderKill {
public:
    LeaderKill(DevSession& session, client::Client& client, const std::string& queue)
        : session_(session), client_(client), queue_(queue), timer_(session.env().timers) {}

    bool begun() const { return begun_; }
    bool done() const { return done_; }
    NodeId victim() const { return victim_; }
    const Error& error() const { return error_; }

    void begin(LineJob& job) {
        begun_ = true;
        ask(job);
    }

private:
    void ask(LineJob& job) {
        client_.queue_status(queue_, [this, &job](Result<wire::QueueStatusResponse> status) {
            if (!status || !status->leader || status->leader.value > session_.cluster().nodes) {
                timer_.start(session_.env().clock.now() + Duration::milliseconds(50),
                             [this, &job] { ask(job); });
                return;
            }
            victim_ = status->leader;
            job.watch_gaps();
            session_.nodes().kill(victim_.value);
            timer_.start(session_.env().clock.now() + restart_after, [this] { restart(); });
        });
    }
    void restart() {
        if (session_.nodes().running(victim_.value)) {
            timer_.start(session_.env().clock.now() + Duration::milliseconds(10),
                         [this] { restart(); });
            return;
        }
        Result<void> started = session_.nodes().start(victim_.value);
        if (!started) error_ = std::move(started.error());
        done_ = true;
    }

    DevSession& session_;
    client::Client& client_;
    const std::string& queue_;
    OwnedTimer timer_;
    bool begun_ = false;
    bool done_ = false;
    NodeId victim_;
    Error error_;
};

void announce(const LineJob::Options& options, uint64_t lines) {
    fmt::print("main job: {} lines through {} producers and {} consumers\n", lines, options.producers,
               options.consumers);
    std::fflush(stdout);
}

}  // namespace

Result<void> check_main_job_file(const std::string& path) {
    Result<Scan> scan = scan_file(path);
    if (!scan) return fail(std::move(scan.error()));
    if (scan->lines == 0) return fail(ErrorCode::invalid_argument, path + " has no lines to send");
    if (scan->too_long == 0) return {};
    return fail(Error(ErrorCode::message_too_large,
                      fmt::format("{} lines of {} are too long for a message, the first is line {}",
                                  scan->too_long, path, scan->first_too_long),
                      line_bytes_max, -1));
}

Result<int> run_main_job(DevSession& session, const std::string& path, bool json) {
    Env& env = session.env();
    Result<Scan> scan = scan_file(path);
    if (!scan) return fail(std::move(scan.error()));
    Result<LineFile> file = LineFile::open(path);
    if (!file) return fail(std::move(file.error()));

    LineJob::Options options;
    options.queue = fmt::format("main-job-{:016x}", env.entropy.next());
    options.client = session.client_options();
    client::Client client(env, options.client);
    QueueAttributes attributes;
    attributes.visibility_ms = options.visibility_ms;
    auto created = await<metadata::QueueRecord>(
        session, [&](auto done) { client.create_queue(options.queue, attributes, std::move(done)); });
    if (!created) return fail(std::move(created.error()));
    if (!json) announce(options, scan->lines);
    LineJob job(env, options, [&](std::string_view& line) { return file->next(line); });
    LeaderKill leader_kill(session, client, options.queue);
    Progress progress("received", scan->lines, !json);
    const Instant began = env.clock.now();
    job.start();
    const auto stuck = [&] { return env.clock.now() - job.last_progress() > stuck_after; };
    const bool ran = session.run_until([&] {
        const LedgerTotals totals = job.ledger().totals();
        progress.update(totals.received, env.clock.now());
        if (!leader_kill.begun() && totals.acked >= scan->lines / 2) leader_kill.begin(job);
        return (job.complete() && leader_kill.done()) || stuck();
    });
    progress.clear();
    if (!ran) return fail(ErrorCode::cancelled, "interrupted; the queue " + options.queue + " stays");

    MainJobReport report;
    report.totals = job.ledger().totals();
    report.complaints = job.ledger().complaints();
    report.took = job.last_progress() - began;
    report.outage = job.longest_gap();
    report.killed = leader_kill.victim();
    report.lines = scan->lines;
    if (!job.complete()) {
        report.complaints.push_back("no progress for " +
                                    std::to_string(stuck_after.to_milliseconds() / 1000) +
                                    " s; the last error was: " + job.last_error().to_string());
    }
    if (leader_kill.error().code != ErrorCode::ok) {
        report.complaints.push_back("node " + std::to_string(report.killed.value) +
                                    " did not start again: " + leader_kill.error().to_string());
    }
    Result<void> back = session.wait_until_healthy();
    if (!back) report.complaints.push_back("the cluster did not recover: " + back.error().to_string());
    auto status = await<wire::QueueStatusResponse>(
        session, [&](auto done) { client.queue_status(options.queue, std::move(done)); });
    if (status) {
        report.counters = status->counters;
        check_counters(report);
    } else {
        report.complaints.push_back("the counters cannot be read: " + status.error().to_string());
    }
    print_report(report, json);
    const bool well = report.complaints.empty() && job.ledger().all_well();
    if (well) {
        (void)await<metadata::QueueRecord>(session, [&](auto done) {
            client.delete_queue(options.queue, std::move(done));
        });
    }
    return well ? 0 : 1;
}

}  // namespace quern::cli
