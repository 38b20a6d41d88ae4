#include "harness/report_page.h"

#include <algorithm>
#include <bit>

#include <fmt/format.h>

namespace quern::harness {

namespace {

constexpr const char* head = R"page(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>A campaign of Quern</title>
<style>
:root { --back: #fbfaf7; --ink: #24231f; --soft: #6f6b61; --line: #dedad0; --hot: #c2321d; --heat: 29, 95, 122; }
@media (prefers-color-scheme: dark) {
    :root { --back: #1b1b19; --ink: #e8e5dc; --soft: #a39f94; --line: #393833; --hot: #ff6a52; --heat: 96, 176, 208; }
}
body { margin: 0 auto; max-width: 72em; padding: 1.2em; background: var(--back); color: var(--ink);
    font: 14px/1.5 system-ui, sans-serif; }
h1 { font-size: 20px; } h2 { font-size: 16px; margin-top: 2em; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; } th { font-weight: normal; text-align: left; color: var(--soft); }
td, th { padding: 2px 8px; } td { text-align: right; font-variant-numeric: tabular-nums; }
.matrix td { border: 1px solid var(--line); min-width: 3.2em; }
.matrix thead th { writing-mode: vertical-rl; transform: rotate(180deg); padding: 6px 2px; }
.empty { color: var(--hot); border: 2px solid var(--hot) !important; }
.never { color: var(--hot); } .cannot { color: var(--line); }
pre { white-space: pre-wrap; overflow-wrap: anywhere; border-left: 3px solid var(--hot); padding: 4px 10px;
    font: 12px/1.4 ui-monospace, monospace; }
p.good { color: var(--soft); }
</style>
</head>
<body>
)page";

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '<': out += "&lt;"; break;
            case '>': out += "&gt;"; break;
            case '&': out += "&amp;"; break;
            case '"': out += "&quot;"; break;
            default: out += c;
        }
    }
    return out;
}

double seconds(int64_t ns) { return static_cast<double>(ns) / 1e9; }

std::string row(std::string_view name, const std::string& value) {
    return fmt::format("<tr><th>{}</th><td>{}</td></tr>\n", name, value);
}

std::string drill_rows(const RunResult& total) {
    std::string rows;
    for (size_t i = 1; i < drill_count; ++i) {
        rows += row(fmt::format("drill {}", drill_name(static_cast<Drill>(i))),
                    fmt::format("{} judged, {} begun", total.drills_judged[i], total.drills[i]));
    }
    return rows;
}

std::string figures(const CampaignResult& r) {
    const double cpu = std::max(seconds(r.cpu_ns), 1e-9);
    const double wall = std::max(seconds(r.wall_ns), 1e-9);
    const auto count = static_cast<double>(r.seeds);
    return "<table>\n" + row("seeds", std::to_string(r.seeds)) +
           row("run twice", std::to_string(r.verified)) +
           row("seeds with violations", std::to_string(r.failed_seeds.size())) +
           row("seeds a second", fmt::format("{:.2f} ({:.2f} of CPU)", count / wall, count / cpu)) +
           row("simulated time", fmt::format("{:.0f} s", seconds(r.simulated_ns))) +
           row("real time", fmt::format("{:.1f} s, {:.1f} s of CPU", wall, cpu)) +
           row("simulated / real", fmt::format("{:.0f}", seconds(r.simulated_ns) / wall)) +
           row("events", std::to_string(r.events)) +
           row("aims met", std::to_string(r.total.aims_met)) + drill_rows(r.total) +
           row("trace hash", fmt::format("{:016x}", r.trace_hash.value())) + "</table>\n";
}

std::string cell(const Coverage& coverage, const CoverageCell& at) {
    const uint64_t count = coverage.at(at);
    const std::string title = escaped(at.to_string());
    if (!possible(at)) return fmt::format("<td class=\"cannot\" title=\"{}: cannot be\">–</td>", title);
    if (count == 0) return fmt::format("<td class=\"empty\" title=\"{}: never\">0</td>", title);
    const double heat = std::min(0.85, static_cast<double>(std::bit_width(count)) * 0.07);
    return fmt::format("<td style=\"background: rgba(var(--heat), {:.2f})\" title=\"{}\">{}</td>", heat,
                       title, count);
}

std::string matrix(const Coverage& coverage) {
    std::string text = "<div class=\"scroll\"><table class=\"matrix\">\n<thead><tr><td></td>";
    for (size_t s = 0; s < protocol_state_count; ++s) {
        text += fmt::format("<th>{}</th>", protocol_state_name(static_cast<ProtocolState>(s)));
    }
    text += "</tr></thead>\n<tr><th>the state began</th><td></td>";
    for (size_t s = 1; s < protocol_state_count; ++s) text += fmt::format("<td>{}</td>", coverage.began[s]);
    text += "</tr>\n";
    for (size_t k = 0; k < sim::fault_kind_count; ++k) {
        const auto kind = static_cast<sim::FaultKind>(k);
        text += fmt::format("<tr><th>{}</th>", sim::fault_kind_name(kind));
        for (size_t s = 0; s < protocol_state_count; ++s) {
            text += cell(coverage, {kind, static_cast<ProtocolState>(s)});
        }
        text += "</tr>\n";
    }
    return text + "</table></div>\n";
}

std::string operations(const RunResult& total) {
    std::string text = "<table>\n<tr><th>operation</th><th>ok</th><th>fail</th><th>info</th></tr>\n";
    for (size_t k = 0; k < op_kind_count; ++k) {
        const auto& n = total.operations[k];
        const bool vain = n[0] == 0;
        text += fmt::format("<tr{}><th>{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
                            vain ? " class=\"never\"" : "", op_kind_name(static_cast<OpKind>(k)), n[0],
                            n[1], n[2], !vain ? "" : n[1] + n[2] > 0 ? "without success" : "never asked");
    }
    return text + "</table>\n";
}

template <typename Counts, typename Name>
std::string counted(const Counts& counts, Name name) {
    std::string text = "<table>\n";
    for (size_t i = 0; i < counts.size(); ++i) {
        const bool never = counts[i] == 0;
        text += fmt::format("<tr{}><th>{}</th><td>{}</td></tr>\n", never ? " class=\"never\"" : "", name(i),
                            never ? std::string("never") : std::to_string(counts[i]));
    }
    return text + "</table>\n";
}

std::string failures(const CampaignResult& r) {
    if (r.failures.empty()) return "<p class=\"good\">none</p>\n";
    std::string text;
    for (const std::string& failure : r.failures) text += "<pre>" + escaped(failure) + "</pre>\n";
    if (r.failed_seeds.size() > r.failures.size()) {
        text += fmt::format("<p>and {} more seeds</p>\n", r.failed_seeds.size() - r.failures.size());
    }
    return text;
}

}  // namespace

std::string report_page(const CampaignResult& result) {
    const RunResult& total = result.total;
    std::string text = head;
    text += "<h1>A campaign of Quern</h1>\n";
    text += figures(result);
    text += "<h2>Failures</h2>\n";
    text += failures(result);
    text += fmt::format("<h2>What faults met</h2>\n<p>A number: how often a fault of the row's kind struck "
                        "while the state of the column was there, or less than {} ms after it. {} of {} "
                        "cells are empty.</p>\n",
                        state_lingers_ns / 1'000'000, empty_cells(total.coverage).size(),
                        possible_cells().size());
    text += matrix(total.coverage);
    text += "<h2>Operations</h2>\n";
    text += operations(total);
    text += "<h2>Faults</h2>\n";
    text += counted(total.faults,
                    [](size_t i) { return sim::fault_kind_name(static_cast<sim::FaultKind>(i)); });
    text += "<h2>Fault points</h2>\n";
    text += counted(total.fault_points,
                    [](size_t i) { return fault_point_name(static_cast<FaultPoint>(i)); });
    return text + "</body>\n</html>\n";
}

}  // namespace quern::harness
