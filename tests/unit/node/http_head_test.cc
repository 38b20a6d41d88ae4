#include "system/node/http_head.h"

#include <gtest/gtest.h>

namespace quern::node {
namespace {

HttpFault fault_of(std::string_view bytes) {
    const HttpParse parse = parse_http_head(bytes);
    EXPECT_TRUE(parse.complete && parse.fault) << bytes;
    return parse.fault.value_or(HttpFault{});
}

TEST(HttpHead, a_get_is_read_however_it_is_cut) {
    const std::string request =
        "GET /metrics?x=1 HTTP/1.1\r\nHost: a:1\r\nAccept: */*\r\nContent-Length: 0\r\n\r\n";
    for (size_t size = 0; size < request.size(); ++size) {
        const HttpParse part = parse_http_head(std::string_view(request).substr(0, size));
        EXPECT_FALSE(part.complete) << size;
    }
    const HttpParse parse = parse_http_head(request);
    ASSERT_TRUE(parse.complete);
    EXPECT_FALSE(parse.fault);
    EXPECT_EQ(parse.head.method, "GET");
    EXPECT_EQ(parse.head.path, "/metrics");
    EXPECT_TRUE(parse_http_head("GET / HTTP/1.0\r\n\r\n").complete);
}

TEST(HttpHead, what_is_not_strictly_http_is_refused) {
    const std::string_view wrong[] = {
        "\r\n",
        "GET /\r\n",
        "get / HTTP/1.1\r\n",
        "GET  / HTTP/1.1\r\n",
        "GET a HTTP/1.1\r\n",
        "GET /a\x01 HTTP/1.1\r\n",
        "GET / HTTP/1.1\n",
        "GET / SMTP/1.1\r\n",
        "GET / HTTP/1.1\r\nno colon\r\n",
        "GET / HTTP/1.1\r\nName : value\r\n",
        "GET / HTTP/1.1\r\nA: b\r\n folded\r\n",
        "GET / HTTP/1.1\r\nA: b\x7f\r\n",
        "\x16\x03\x01",  // TLS
    };
    for (std::string_view bytes : wrong) {
        EXPECT_EQ(fault_of(bytes), HttpFault::malformed) << bytes;
    }
    EXPECT_EQ(fault_of("GET / HTTP/2.0\r\n"), HttpFault::version);
    EXPECT_EQ(fault_of("GET / HTTP/1.1\r\ncontent-length: 5\r\n"), HttpFault::body);
    EXPECT_EQ(fault_of("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n"), HttpFault::body);
}

TEST(HttpHead, a_head_is_bounded) {
    EXPECT_EQ(fault_of("GET /" + std::string(http_head_bytes_max, 'a')), HttpFault::too_large);
    std::string fields = "GET / HTTP/1.1\r\n";
    while (fields.size() < http_head_bytes_max) fields += "A: bbbbbbbbbbbbbbbbbbbbbbb\r\n";
    EXPECT_EQ(fault_of(fields + "\r\n"), HttpFault::too_large);
}

TEST(HttpHead, a_response_says_its_length_and_that_the_connection_ends) {
    EXPECT_EQ(render({200, "text/plain", "hi\n"}),
              "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n"
              "Cache-Control: no-store\r\nConnection: close\r\n\r\nhi\n");
    EXPECT_NE(render({405, "text/plain", ""}).find("Allow: GET\r\n"), std::string::npos);
}

}  // namespace
}  // namespace quern::node
