#include "system/os/sd_notify.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "system/os/posix_error.h"

namespace quern::os {

ServiceNotifier ServiceNotifier::from_environment() {
    const char* socket = std::getenv("NOTIFY_SOCKET");
    return ServiceNotifier(socket == nullptr ? "" : socket);
}

Result<void> ServiceNotifier::ready(std::string_view status) const {
    std::string state = "READY=1";
    if (!status.empty()) state.append("\nSTATUS=").append(status);
    return send(state);
}

Result<void> ServiceNotifier::stopping() const { return send("STOPPING=1"); }

Result<void> ServiceNotifier::watchdog() const { return send("WATCHDOG=1"); }

Result<void> ServiceNotifier::send(std::string_view state) const {
    if (socket_.empty()) return {};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (socket_.size() >= sizeof(address.sun_path) || (socket_[0] != '/' && socket_[0] != '@')) {
        return fail(ErrorCode::invalid_argument, "NOTIFY_SOCKET is not the address of a socket");
    }
    std::memcpy(address.sun_path, socket_.data(), socket_.size());
    if (socket_[0] == '@') address.sun_path[0] = '\0';
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());

    const int descriptor = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return posix_failure(errno, "notify the service manager");
    const ssize_t sent = ::sendto(descriptor, state.data(), state.size(), MSG_NOSIGNAL,
                                  reinterpret_cast<const sockaddr*>(&address), length);
    const int number = errno;
    ::close(descriptor);
    if (sent < 0) return posix_failure(number, "notify the service manager");
    return {};
}

}  // namespace quern::os
