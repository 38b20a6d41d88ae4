// Tells the service manager what state this process is in (the protocol of sd_notify(3)).
#pragma once

#include <string>
#include <string_view>

#include "system/base/result.h"

namespace quern::os {

class ServiceNotifier {
public:
    // Of the environment: NOTIFY_SOCKET. Without one every call does nothing.
    static ServiceNotifier from_environment();
    // `socket`: a path, or "@name" for an abstract one; empty: none.
    explicit ServiceNotifier(std::string socket) : socket_(std::move(socket)) {}

    Result<void> ready(std::string_view status = {}) const;
    Result<void> stopping() const;
    Result<void> watchdog() const;
    // One datagram; "KEY=value" lines.
    Result<void> send(std::string_view state) const;

private:
    std::string socket_;
};

}  // namespace quern::os
