#include "sim/faults/fault_plan.h"

#include <algorithm>
#include <charconv>
#include <cinttypes>
#include <cstdio>
#include <set>
#include <sstream>

namespace quern::sim {

namespace {

constexpr int64_t billion = 1'000'000'000;
constexpr int64_t seconds_max = INT64_MAX / billion / 2;

std::string seconds_text(int64_t ns) {
    char text[48];
    std::snprintf(text, sizeof text, "%" PRId64 ".%09" PRId64, ns / billion, ns % billion);
    return text;
}

bool parse_integer(std::string_view text, int64_t& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size();
}

// "12.5": at most nine digits after the point.
bool parse_seconds(std::string_view text, int64_t& ns) {
    const size_t point = text.find('.');
    int64_t whole = 0;
    if (!parse_integer(text.substr(0, point), whole) || whole < 0 || whole > seconds_max) {
        return false;
    }
    int64_t fraction = 0;
    if (point != std::string_view::npos) {
        std::string digits(text.substr(point + 1));
        if (digits.empty() || digits.size() > 9) return false;
        digits.resize(9, '0');
        if (!parse_integer(digits, fraction) || fraction < 0) return false;
    }
    ns = whole * billion + fraction;
    return true;
}

std::string join(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names)
        text += (text.empty() ? "" : ",") + name;
    return text;
}

// False if a name is empty.
bool split(const std::string& text, std::vector<std::string>& names) {
    names.clear();
    for (size_t begin = 0; begin <= text.size();) {
        const size_t end = std::min(text.find(',', begin), text.size());
        if (end == begin) return false;
        names.push_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    return true;
}

bool take_word(Fault& fault, const std::string& word) {
    const size_t equals = word.find('=');
    if (equals == std::string::npos || equals == 0) return false;
    const std::string key = word.substr(0, equals);
    const std::string value = word.substr(equals + 1);
    if (key == "at") return parse_seconds(value, fault.at.ns);
    if (key == "for") return parse_seconds(value, fault.lasts.ns);
    if (key == "a") return split(value, fault.a);
    if (key == "b") return split(value, fault.b);
    if (key == "file") {
        fault.file_class = value;
        return true;
    }
    return parse_integer(value, fault.parameters[key]);
}

}  // namespace

std::string Fault::to_string() const {
    std::string text = std::to_string(id) + " " + std::string(fault_kind_name(kind)) +
                       " at=" + seconds_text(at.ns) + " for=" + seconds_text(lasts.ns);
    if (!a.empty()) text += " a=" + join(a);
    if (!b.empty()) text += " b=" + join(b);
    if (!file_class.empty()) text += " file=" + file_class;
    for (const auto& [name, value] : parameters)
        text += " " + name + "=" + std::to_string(value);
    return text;
}

Result<Fault> Fault::parse(const std::string& line) {
    std::istringstream in(line);
    std::string id;
    std::string kind;
    in >> id >> kind;
    Fault fault;
    int64_t number = 0;
    if (!parse_integer(id, number) || number <= 0 || number > UINT32_MAX) {
        return fail(ErrorCode::invalid_argument, "not a fault's number: " + id);
    }
    fault.id = static_cast<uint32_t>(number);
    const auto known = fault_kind_from(kind);
    if (!known) return fail(ErrorCode::invalid_argument, "no such kind of fault: " + kind);
    fault.kind = *known;
    for (std::string word; in >> word;) {
        if (!take_word(fault, word))
            return fail(ErrorCode::invalid_argument, "not understood: " + word);
    }
    if (fault.a.empty()) return fail(ErrorCode::invalid_argument, "a fault needs a place: a=");
    return fault;
}

std::string FaultPlan::to_string() const {
    std::string text;
    for (const Fault& fault : faults)
        text += fault.to_string() + "\n";
    return text;
}

Result<FaultPlan> FaultPlan::parse(const std::string& text) {
    FaultPlan plan;
    std::set<uint32_t> ids;
    std::istringstream in(text);
    int number = 0;
    for (std::string line; std::getline(in, line);) {
        ++number;
        line = line.substr(0, line.find('#'));
        if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
        auto fault = Fault::parse(line);
        const std::string where = "line " + std::to_string(number) + ": ";
        if (!fault) return fail(ErrorCode::invalid_argument, where + fault.error().detail);
        if (!ids.insert(fault->id).second) {
            return fail(ErrorCode::invalid_argument, where + "this number was used before");
        }
        plan.faults.push_back(std::move(*fault));
    }
    plan.sort();
    return plan;
}

void FaultPlan::sort() {
    std::sort(faults.begin(), faults.end(), [](const Fault& x, const Fault& y) {
        return x.at != y.at ? x.at < y.at : x.id < y.id;
    });
}

}  // namespace quern::sim
