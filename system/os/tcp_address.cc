#include "system/os/tcp_address.h"

#include <algorithm>

namespace quern::os {

Endpoint endpoint_of(const asio::ip::tcp::endpoint& address) {
    const asio::ip::address host = address.address();
    if (host.is_v4()) return {host.to_string(), address.port()};
    const asio::ip::address_v6 six = host.to_v6();
    if (six.is_v4_mapped()) {
        const auto four = asio::ip::make_address_v4(asio::ip::v4_mapped, six);
        return {four.to_string(), address.port()};
    }
    return {"[" + six.to_string() + "]", address.port()};
}

std::optional<asio::ip::tcp::endpoint> literal_address(const Endpoint& endpoint) {
    std::string host = endpoint.host;
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
        host = host.substr(1, host.size() - 2);
    }
    asio::error_code error;
    const asio::ip::address address = asio::ip::make_address(host, error);
    if (error) return std::nullopt;
    return asio::ip::tcp::endpoint(address, endpoint.port);
}

Result<std::vector<asio::ip::tcp::endpoint>> resolve_now(asio::io_context& context,
                                                         const Endpoint& endpoint) {
    if (auto literal = literal_address(endpoint)) return std::vector{*literal};
    asio::ip::tcp::resolver resolver(context);
    asio::error_code error;
    const auto found = resolver.resolve(endpoint.host, std::to_string(endpoint.port),
                                        asio::ip::tcp::resolver::numeric_service, error);
    if (error) {
        return fail(ErrorCode::invalid_argument,
                    "no address for host '" + endpoint.host + "': " + error.message());
    }
    std::vector<asio::ip::tcp::endpoint> addresses;
    for (const auto& entry : found)
        addresses.push_back(entry.endpoint());
    std::stable_partition(addresses.begin(), addresses.end(),
                          [](const auto& a) { return a.address().is_v4(); });
    return addresses;
}

}  // namespace quern::os
