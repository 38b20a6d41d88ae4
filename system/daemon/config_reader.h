// Fields of a TOML table with their ranges. Private to this room.
#pragma once

#include <fmt/format.h>

#include <optional>
#include <set>
#include <string>

#include "system/io/network.h"
#include "system/os/toml.h"

namespace quern::daemon {

// Reads fields of one table and remembers the first complaint.
class ConfigReader {
public:
    ConfigReader(std::string where, const toml::table& table) : where_(std::move(where)), table_(table) {}

    std::string text(std::string_view field, std::optional<std::string> fallback = std::nullopt) {
        const toml::node* node = get(field);
        if (node == nullptr) return missing(field, std::move(fallback), std::string());
        if (auto value = node->value_exact<std::string>()) return *value;
        complain(field, "must be a text in quotes");
        return {};
    }

    int64_t number(std::string_view field, int64_t low, int64_t high,
                   std::optional<int64_t> fallback = std::nullopt) {
        const toml::node* node = get(field);
        if (node == nullptr) return missing(field, fallback, low);
        auto value = node->value_exact<int64_t>();
        if (value && *value >= low && *value <= high) return *value;
        complain(field, fmt::format("must be a whole number from {} to {}", low, high));
        return low;
    }

    Endpoint endpoint(std::string_view field) {
        const std::string value = text(field);
        Result<Endpoint> parsed = Endpoint::parse(value);
        if (parsed) return *parsed;
        if (!value.empty()) complain(field, "must be \"host:port\"");
        return {};
    }

    // The field is read elsewhere.
    void know(std::string_view field) { known_.emplace(field); }
    // A field that nobody asked for is misspelt, or of another version.
    void complain_of_others() {
        for (const auto& [field, value] : table_) {
            if (!known_.contains(field.str())) complain(field.str(), "is no field of this version");
        }
    }

    void complain(std::string_view field, std::string_view what) {
        if (problem.empty()) problem = fmt::format("{}: {} {}", where_, field, what);
    }

    std::string problem;

private:
    const toml::node* get(std::string_view field) {
        know(field);
        return table_.get(field);
    }
    template <typename T>
    T missing(std::string_view field, std::optional<T> fallback, T otherwise) {
        if (fallback) return std::move(*fallback);
        complain(field, "is missing");
        return otherwise;
    }

    std::string where_;
    const toml::table& table_;
    std::set<std::string, std::less<>> known_;
};

}  // namespace quern::daemon
