#include "system/cli/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "system/cli/output.h"

namespace quern::cli {

Progress::Progress(std::string what, uint64_t total, bool wanted)
    : what_(std::move(what)), total_(total), shown_(wanted && ::isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() { clear(); }

void Progress::clear() {
    if (drawn_) fmt::print(stderr, "\r\033[K");
    drawn_ = false;
}

void Progress::update(uint64_t done, Instant now) {
    if (!shown_) return;
    if (!started_) started_at_ = now;
    if (started_ && now - drawn_at_ < Duration::milliseconds(100)) return;
    started_ = true;
    drawn_at_ = now;
    const auto elapsed_ms = static_cast<uint64_t>((now - started_at_).to_milliseconds());
    const uint64_t rate = elapsed_ms == 0 ? 0 : done * 1000 / elapsed_ms;
    std::string line = fmt::format("{} {}", what_, grouped(done));
    if (total_ > 0) {
        line += fmt::format(" of {} ({} %)", grouped(total_), std::min(done, total_) * 100 / total_);
    }
    if (rate > 0) line += fmt::format(", {}/s", grouped(rate));
    if (rate > 0 && total_ > done) line += fmt::format(", {} s left", (total_ - done) / rate);
    fmt::print(stderr, "\r\033[K{}", line);
    std::fflush(stderr);
    drawn_ = true;
}

}  // namespace quern::cli
