#include "system/cli/output.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace quern::cli {

namespace {

using Json = nlohmann::ordered_json;

void print_error_object(std::string_view code, std::string_view outcome, bool retryable,
                        const std::string& message, const Error& error) {
    Json object{{"code", code}, {"outcome", outcome}, {"retryable", retryable}, {"message", message}};
    object["limit"] = error.limit >= 0 ? Json(error.limit) : Json();
    object["actual"] = error.actual >= 0 ? Json(error.actual) : Json();
    fmt::print("{}\n", Json{{"error", object}}.dump(-1, ' ', false, Json::error_handler_t::replace));
}

}  // namespace

std::string_view outcome_name(Outcome outcome) {
    switch (outcome) {
        case Outcome::applied: return "applied";
        case Outcome::not_applied: return "not_applied";
        case Outcome::unknown: break;
    }
    return "unknown";
}

void print_error(const Error& error, bool json) {
    if (json) {
        const ErrorInfo& info = error_info(error.code);
        return print_error_object(info.name, outcome_name(error.outcome), info.retryable,
                                  error.to_string(), error);
    }
    std::fflush(stdout);
    fmt::print(stderr, "quern: {}\n", error.to_string());
}

void print_usage_error(const std::string& message, const std::string& help_command, bool json) {
    if (json) return print_error_object("usage", "not_applied", false, message, Error());
    fmt::print(stderr, "quern: {}; see `{}`\n", message, help_command);
}

void print_table(const std::vector<std::vector<std::string>>& rows) {
    std::vector<size_t> widths;
    for (const auto& row : rows) {
        widths.resize(std::max(widths.size(), row.size()));
        for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
    }
    for (const auto& row : rows) {
        std::string line;
        for (size_t i = 0; i < row.size(); ++i) {
            const bool last = i + 1 == row.size();
            line += last ? row[i] : fmt::format("{:<{}}  ", row[i], widths[i]);
        }
        fmt::print("{}\n", line);
    }
}

std::string duration_text(int64_t milliseconds) {
    struct Unit {
        int64_t size;
        const char* name;
    };
    constexpr Unit units[] = {{86'400'000, "d"}, {3'600'000, "h"}, {60'000, "min"}, {1000, "s"}};
    for (const Unit& unit : units) {
        if (milliseconds >= unit.size && milliseconds % unit.size == 0)
            return fmt::format("{} {}", milliseconds / unit.size, unit.name);
    }
    if (milliseconds >= 10'000) return fmt::format("{:.1f} s", static_cast<double>(milliseconds) / 1000);
    return fmt::format("{} ms", milliseconds);
}

std::string grouped(uint64_t number) {
    const std::string digits = std::to_string(number);
    std::string text;
    for (size_t i = 0; i < digits.size(); ++i) {
        if (i > 0 && (digits.size() - i) % 3 == 0) text += ',';
        text += digits[i];
    }
    return text;
}

std::string base64(std::string_view bytes) {
    static constexpr char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    for (size_t i = 0; i < bytes.size(); i += 3) {
        const size_t count = std::min<size_t>(3, bytes.size() - i);
        uint32_t group = 0;
        for (size_t k = 0; k < 3; ++k)
            group = group << 8 | (k < count ? static_cast<uint8_t>(bytes[i + k]) : 0u);
        for (size_t k = 0; k < 4; ++k)
            text += k <= count ? alphabet[group >> (18 - 6 * k) & 63] : '=';
    }
    return text;
}

bool is_text(std::string_view bytes) {
    for (size_t i = 0; i < bytes.size();) {
        const auto lead = static_cast<uint8_t>(bytes[i]);
        if (lead < 0x20 && lead != '\t' && lead != '\n' && lead != '\r') return false;
        if (lead == 0x7f) return false;
        const size_t length = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
        if ((lead >= 0x80 && lead < 0xc2) || lead > 0xf4 || i + length > bytes.size()) return false;
        for (size_t k = 1; k < length; ++k) {
            if ((static_cast<uint8_t>(bytes[i + k]) & 0xc0) != 0x80) return false;
        }
        i += length;
    }
    return true;
}

}  // namespace quern::cli
