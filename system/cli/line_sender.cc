#include "system/cli/line_sender.h"

#include <fmt/format.h>

#include "system/cli/progress.h"

namespace quern::cli {

LineSender::LineSender(Session& session, std::string queue, LineFile lines, int64_t delay_ms)
    : session_(session), queue_(std::move(queue)), lines_(std::move(lines)), delay_ms_(delay_ms) {}

Result<void> LineSender::run(bool show_progress) {
    Progress progress("sent", 0, show_progress);
    fill();
    session_.run_until(
        [&] {
            if (session_.interrupted()) ended_ = true;
            progress.update(sent_, session_.env().clock.now());
            return ended_ && under_way_ == 0;
        },
        Instant::never());
    if (failed_line_ != 0) {
        error_.detail = fmt::format("line {} was not sent (of those read, {} were): {}", failed_line_,
                                    sent_, error_.detail);
        return fail(error_);
    }
    if (session_.interrupted()) {
        return fail(Error(ErrorCode::cancelled,
                          fmt::format("interrupted; the first {} lines were sent", sent_))
                        .with_outcome(Outcome::applied));
    }
    if (lines_.failed()) return fail(ErrorCode::io_failed, "cannot read the lines to their end");
    return {};
}

void LineSender::fill() {
    while (!ended_ && under_way_ < batches_under_way_max) send_batch();
}

void LineSender::send_batch() {
    std::vector<client::OutgoingMessage> messages;
    const uint64_t first_line = lines_.number() + 1;
    size_t bytes = 0;
    std::string_view line;
    while (messages.size() < batch_messages_max && bytes < batch_bytes_max) {
        if (!lines_.next(line)) {
            ended_ = true;
            break;
        }
        if (line.size() > limits::message_bytes_max) {
            note_failure(lines_.number(),
                         Error(ErrorCode::message_too_large, "the line is too long for a message",
                               limits::message_bytes_max, static_cast<int64_t>(line.size())));
            break;
        }
        messages.push_back(client::OutgoingMessage::of(Buffer::copy_of(line)));
        messages.back().delay_ms = delay_ms_;
        bytes += line.size();
    }
    if (messages.empty()) return;
    ++under_way_;
    session_.client().send_batch(queue_, std::move(messages),
                                 [this, first_line](Result<client::Client::BatchSent> result) {
                                     batch_done(first_line, std::move(result));
                                 });
}

void LineSender::batch_done(uint64_t first_line, Result<client::Client::BatchSent> result) {
    --under_way_;
    if (!result) {
        note_failure(first_line, std::move(result.error()));
    } else {
        for (size_t i = 0; i < result->results.size(); ++i) {
            const queue::SendResult& one = result->results[i];
            if (one.error == ErrorCode::ok) {
                ++sent_;
            } else {
                note_failure(first_line + i, Error(one.error, "the queue refused it", one.limit,
                                                   one.actual));
            }
        }
    }
    fill();
}

void LineSender::note_failure(uint64_t line, Error error) {
    ended_ = true;
    if (failed_line_ != 0 && failed_line_ < line) return;
    failed_line_ = line;
    error_ = std::move(error);
}

}  // namespace quern::cli
