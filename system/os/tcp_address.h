// Endpoints as Asio sees them. Private to this room (includes Asio).
#pragma once

#include "system/os/asio.h"

#include <asio/ip/tcp.hpp>
#include <optional>
#include <vector>

#include "system/io/network.h"

namespace quern::os {

// An IPv6 host is written in brackets, so that to_string() can be parsed again.
Endpoint endpoint_of(const asio::ip::tcp::endpoint& address);

// The address if the host is written as one ("127.0.0.1", "[::1]", "::1"), without any look-up.
std::optional<asio::ip::tcp::endpoint> literal_address(const Endpoint& endpoint);

// All addresses of an endpoint, IPv4 first; may block on name servers. invalid_argument if none.
Result<std::vector<asio::ip::tcp::endpoint>> resolve_now(asio::io_context& context,
                                                         const Endpoint& endpoint);

}  // namespace quern::os
