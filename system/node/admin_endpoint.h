// A small HTTP port for monitoring: it answers GET with the pages of its handler, one request a
// connection. Nothing can be changed through it and no secret is shown; it asks for no name, so it
// belongs on a loopback or inner address.
//
// Bounds: connections_max at a time (beyond it, new ones are closed at once), http_head_bytes_max a
// request, and `patience` for a connection from its start to its end, whatever its peer does.
#pragma once

#include <list>
#include <memory>

#include "system/io/env.h"
#include "system/node/http_head.h"

namespace quern::node {

class AdminPages {
public:
    virtual ~AdminPages() = default;
    // The page of this path; nothing if there is none.
    virtual std::optional<HttpPage> page(const std::string& path) = 0;
};

class AdminEndpoint {
public:
    struct Options {
        Endpoint at;
        size_t connections_max = 16;
        Duration patience = Duration::seconds(5);
    };
    // `pages` must outlive it.
    AdminEndpoint(Env& env, Options options, AdminPages& pages);
    ~AdminEndpoint();
    AdminEndpoint(const AdminEndpoint&) = delete;
    AdminEndpoint& operator=(const AdminEndpoint&) = delete;

    // address_in_use, permission_denied, invalid_argument.
    Result<void> start();
    // After start(): the real port when 0 was asked for.
    const Endpoint& local() const { return listener_->local(); }
    size_t connections() const { return visits_.size(); }

private:
    class Visit;
    void accepted(std::unique_ptr<Connection> connection);
    HttpPage answer(const HttpParse& request);

    Env& env_;
    Options options_;
    AdminPages& pages_;
    std::unique_ptr<Listener> listener_;
    std::list<std::unique_ptr<Visit>> visits_;
};

}  // namespace quern::node
