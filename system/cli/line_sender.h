// Sends the lines of a file, each as a message, in batches with several under way.
#pragma once

#include <cstdint>
#include <string>

#include "system/cli/line_file.h"
#include "system/cli/session.h"

namespace quern::cli {

class LineSender {
public:
    LineSender(Session& session, std::string queue, LineFile lines, int64_t delay_ms);

    // Until the end of the file, the first error, or Ctrl-C; then waits for what is under way.
    // The error names the first line that was not sent.
    Result<void> run(bool show_progress);
    uint64_t sent() const { return sent_; }

private:
    static constexpr size_t batch_messages_max = 100;
    static constexpr size_t batch_bytes_max = 256 * 1024;
    static constexpr size_t batches_under_way_max = 8;

    void fill();
    void send_batch();
    void batch_done(uint64_t first_line, Result<client::Client::BatchSent> result);
    void note_failure(uint64_t line, Error error);

    Session& session_;
    std::string queue_;
    LineFile lines_;
    int64_t delay_ms_;
    bool ended_ = false;  // no more lines are read
    size_t under_way_ = 0;
    uint64_t sent_ = 0;
    uint64_t failed_line_ = 0;  // 0: none
    Error error_;
};

}  // namespace quern::cli
