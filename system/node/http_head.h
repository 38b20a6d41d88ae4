// The head of one HTTP/1 request, as much of it as an endpoint needs that answers GET and nothing
// else. Strict: lines end with CR LF, no folded lines, no control characters, no body. Source: RFC
// 9112, sections 2 to 6. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace quern::node {

struct HttpHead {
    std::string method;  // 1 to 16 upper-case letters
    std::string path;    // begins with '/', without the query
};

enum class HttpFault : uint8_t {
    malformed,  // 400
    too_large,  // 431
    body,       // 413: the request announces a body
    version,    // 505: not HTTP/1.0 or HTTP/1.1
};

struct HttpParse {
    bool complete = false;  // false: more bytes are needed
    std::optional<HttpFault> fault;
    HttpHead head;  // if complete and without fault
};

constexpr size_t http_head_bytes_max = 8 * 1024;

// `bytes` is all that came so far. What follows the head is not looked at.
HttpParse parse_http_head(std::string_view bytes);

struct HttpPage {
    int status = 200;
    std::string type = "text/plain; charset=utf-8";
    std::string text;
};
// The whole response, which tells the client that the connection ends with it.
std::string render(const HttpPage& page);
// The page for a request that cannot be answered.
HttpPage page_of(HttpFault fault);

}  // namespace quern::node
