#include <charconv>

#include "system/io/network.h"

namespace quern {

std::string Endpoint::to_string() const { return host + ":" + std::to_string(port); }

Result<Endpoint> Endpoint::parse(const std::string& text) {
    const size_t colon = text.rfind(':');
    Endpoint endpoint;
    if (colon != std::string::npos && colon > 0) {
        const char* end = text.data() + text.size();
        const auto parsed = std::from_chars(text.data() + colon + 1, end, endpoint.port);
        endpoint.host = text.substr(0, colon);
        if (parsed.ec == std::errc{} && parsed.ptr == end) return endpoint;
    }
    return fail(ErrorCode::invalid_argument, "an endpoint is written host:port, but got '" + text + "'");
}

}  // namespace quern
