// A line of JSON whose numbers are all whole: nlohmann-json converts a fraction or 1e92 to an integer
// without a look at its range, which is undefined behaviour.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace quern::harness {

// Discarded (is_discarded()) if the line is no JSON or has a number with a point, an exponent or more
// digits than 64 bits hold.
inline nlohmann::json parse_whole_numbers(const std::string& line) {
    using nlohmann::json;
    bool whole = true;
    const auto look = [&whole](int, json::parse_event_t event, json& value) {
        if (event == json::parse_event_t::value && value.is_number_float()) whole = false;
        return true;
    };
    json parsed = json::parse(line, look, false);
    return whole ? parsed : json(json::value_t::discarded);
}

}  // namespace quern::harness
