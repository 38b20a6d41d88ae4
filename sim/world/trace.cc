#include "sim/world/trace.h"

#include <cinttypes>
#include <cstdio>

namespace quern::sim {

std::string time_text(SimTime time) {
    char text[48];
    std::snprintf(text, sizeof text, "%" PRId64 ".%06" PRId64, time.ns / 1'000'000'000,
                  time.ns % 1'000'000'000 / 1'000);
    return text;
}

void Trace::keep(size_t lines_max) {
    lines_max_ = lines_max;
    while (lines_.size() > lines_max_)
        lines_.pop_front();
}

void Trace::line(std::string_view who, std::string_view what, std::string_view text) {
    if (!enabled()) return;
    std::string whole = "t=" + time_text(scheduler_.now());
    for (std::string_view part : {who, what, text}) {
        whole += ' ';
        whole += part;
    }
    if (sink_) sink_(whole);
    lines_.push_back(std::move(whole));
    if (lines_.size() > lines_max_) lines_.pop_front();
}

std::string Trace::text() const {
    std::string whole;
    for (const std::string& line : lines_) {
        whole += line;
        whole += '\n';
    }
    return whole;
}

}  // namespace quern::sim
