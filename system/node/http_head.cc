#include "system/node/http_head.h"

#include <fmt/format.h>

#include <algorithm>

namespace quern::node {

namespace {

constexpr size_t method_bytes_max = 16;

bool visible(char c) { return c > ' ' && c < 0x7f; }

bool token_char(char c) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const bool digit = c >= '0' && c <= '9';
    return letter || digit || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool same_name(std::string_view a, std::string_view b) {
    auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [&](char x, char y) { return lower(x) == lower(y); });
}

std::optional<HttpFault> parse_request_line(std::string_view line, HttpHead& head) {
    const size_t first = line.find(' ');
    const size_t last = line.rfind(' ');
    if (first == std::string_view::npos || first == last) return HttpFault::malformed;
    const std::string_view method = line.substr(0, first);
    const std::string_view target = line.substr(first + 1, last - first - 1);
    const std::string_view version = line.substr(last + 1);
    const bool capitals =
        std::all_of(method.begin(), method.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
    if (method.empty() || method.size() > method_bytes_max || !capitals) return HttpFault::malformed;
    if (!target.starts_with('/') || !std::all_of(target.begin(), target.end(), visible)) {
        return HttpFault::malformed;
    }
    if (!version.starts_with("HTTP/")) return HttpFault::malformed;
    if (version != "HTTP/1.1" && version != "HTTP/1.0") return HttpFault::version;
    head.method = method;
    head.path = target.substr(0, target.find('?'));
    return std::nullopt;
}

std::optional<HttpFault> check_field(std::string_view line) {
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) return HttpFault::malformed;
    const std::string_view name = line.substr(0, colon);
    if (!std::all_of(name.begin(), name.end(), token_char)) return HttpFault::malformed;
    std::string_view value = line.substr(colon + 1);
    const auto plain = [](char c) {
        return c == '\t' || (static_cast<unsigned char>(c) >= ' ' && c != 0x7f);
    };
    if (!std::all_of(value.begin(), value.end(), plain)) return HttpFault::malformed;
    while (value.starts_with(' ') || value.starts_with('\t')) value.remove_prefix(1);
    while (value.ends_with(' ') || value.ends_with('\t')) value.remove_suffix(1);
    if (same_name(name, "Transfer-Encoding")) return HttpFault::body;
    if (same_name(name, "Content-Length") && value != "0") return HttpFault::body;
    return std::nullopt;
}

std::string_view reason_of(int status) {
    switch (status) {
        case 200: return "OK";
        case 400: return "Bad Request";
        case 404: return "Not Found";
        case 405: return "Method Not Allowed";
        case 413: return "Content Too Large";
        case 431: return "Request Header Fields Too Large";
        case 503: return "Service Unavailable";
        case 505: return "HTTP Version Not Supported";
        default: return "Error";
    }
}

}  // namespace

HttpParse parse_http_head(std::string_view bytes) {
    HttpParse parse;
    auto end_with = [&parse](HttpFault fault) {
        parse.complete = true;
        parse.fault = fault;
        return parse;
    };
    // A line is judged as soon as it is there, so that another protocol is answered at once.
    bool first = true;
    for (size_t at = 0;;) {
        const size_t end = bytes.find('\n', at);
        if (end == std::string_view::npos) break;
        if (end >= http_head_bytes_max) return end_with(HttpFault::too_large);
        if (end == at || bytes[end - 1] != '\r') return end_with(HttpFault::malformed);
        const std::string_view line = bytes.substr(at, end - 1 - at);
        at = end + 1;
        if (line.empty()) {
            if (first) return end_with(HttpFault::malformed);
            parse.complete = true;
            return parse;
        }
        const std::optional<HttpFault> fault =
            first ? parse_request_line(line, parse.head) : check_field(line);
        if (fault) return end_with(*fault);
        first = false;
    }
    // What cannot become a method is no HTTP, and would wait for its line's end in vain.
    if (!bytes.empty() && !(bytes[0] >= 'A' && bytes[0] <= 'Z')) return end_with(HttpFault::malformed);
    if (bytes.size() >= http_head_bytes_max) return end_with(HttpFault::too_large);
    return parse;
}

std::string render(const HttpPage& page) {
    return fmt::format(
        "HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\n{}Cache-Control: no-store\r\n"
        "Connection: close\r\n\r\n{}",
        page.status, reason_of(page.status), page.type, page.text.size(),
        page.status == 405 ? "Allow: GET\r\n" : "", page.text);
}

HttpPage page_of(HttpFault fault) {
    switch (fault) {
        case HttpFault::too_large:
            return {431, HttpPage{}.type,
                    fmt::format("the request's head is larger than {} bytes\n", http_head_bytes_max)};
        case HttpFault::body: return {413, HttpPage{}.type, "a request must have no body here\n"};
        case HttpFault::version: return {505, HttpPage{}.type, "ask with HTTP/1.1\n"};
        case HttpFault::malformed: break;
    }
    return {400, HttpPage{}.type,
            "this is not an HTTP request; ask with GET /metrics, /health or /ready\n"};
}

}  // namespace quern::node
