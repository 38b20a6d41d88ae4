// Echo requests, which every kernel answers by itself: what a link does to packets.
#pragma once

#include <cstdint>
#include <string>

namespace quern::tests {

struct Echoes {
    int sent = 0;
    int answered = 0;
    int64_t fastest_us = 0;  // there and back; 0: none was answered
};

// Sends `count` requests of `bytes`, one every `pause_ms`, and waits `patience_ms` more for answers. sent is
// 0 if no raw socket can be made.
Echoes ping(const std::string& address, int count, int bytes, int pause_ms, int patience_ms);

}  // namespace quern::tests
