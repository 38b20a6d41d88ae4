// What happened, as lines for people: "t=12.345678 n1 disk sync ok". Off by default, and then it
// costs one branch; neither switch nor content touches the run or its hash.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "sim/world/scheduler.h"
#include "system/base/callback.h"
#include "system/base/log.h"

namespace quern::sim {

class Trace {
public:
    explicit Trace(const Scheduler& scheduler) : scheduler_(scheduler) {}

    // Keeps the last `lines_max` lines; 0 switches the trace off and drops what it holds.
    void keep(size_t lines_max);
    // Also hands each line on as it comes (without a line break).
    void set_sink(Callback<void(const std::string&)> sink) { sink_ = std::move(sink); }
    void set_level(LogLevel least) { level_ = least; }

    bool enabled() const { return lines_max_ > 0; }
    bool enabled(LogLevel level) const { return enabled() && level >= level_; }
    // Callers ask enabled() before they build `text`.
    void line(std::string_view who, std::string_view what, std::string_view text);
    const std::deque<std::string>& lines() const { return lines_; }
    std::string text() const;

private:
    const Scheduler& scheduler_;
    size_t lines_max_ = 0;
    LogLevel level_ = LogLevel::debug;
    std::deque<std::string> lines_;
    Callback<void(const std::string&)> sink_;
};

// "12.345678", seconds with microseconds.
std::string time_text(SimTime time);

// A machine's Log: into the trace.
class SimLog final : public Log {
public:
    SimLog(Trace& trace, const std::string& machine) : trace_(trace), machine_(machine) {}
    bool enabled(LogLevel level) const override { return trace_.enabled(level); }
    void write(LogLevel level, std::string_view room, std::string_view text) override {
        if (trace_.enabled(level)) trace_.line(machine_, room, text);
    }

private:
    Trace& trace_;
    const std::string& machine_;
};

}  // namespace quern::sim
