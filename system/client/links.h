// A client's connections: one to each endpoint, dialled when first wanted. All calls go to the preferred
// endpoint; when it fails, the next one (in a ring) is preferred. The first is drawn at random, so that
// clients spread over the balancers.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "system/client/options.h"
#include "system/io/env.h"
#include "system/wire/link.h"

namespace quern::client {

class LinksHandler {
public:
    virtual ~LinksHandler() = default;
    // A link came up: calls that wait may go on.
    virtual void on_link_usable(const wire::HelloReply& server) = 0;
    // Every endpoint that could be asked refuses this client for good (unauthenticated,
    // protocol_version): waiting is of no use.
    virtual void on_refused(const Error& reason) = 0;
};

class Links final : public wire::LinkHandler {
public:
    Links(Env& env, const Options& options, LinksHandler& handler);

    struct Choice {
        wire::Link* link = nullptr;  // nullptr: none is up; on_link_usable() or on_refused() follows
        size_t endpoint = 0;
    };
    // A link to ask, dialling as needed; `endpoint` if one is named.
    Choice choose(std::optional<size_t> endpoint);
    // What was asked there failed or went unanswered: prefer another.
    void failed(size_t endpoint);
    // Why nothing is up, for error texts.
    const Error& last_error() const { return last_error_; }
    size_t up_count() const;

private:
    struct Slot {
        std::unique_ptr<wire::Link> link;
        bool started = false;
        bool refused = false;  // its last failure was a refusal for good
        unsigned misunderstandings = 0;  // attempts in a row that ended as protocol_error
    };
    void want(size_t endpoint);
    void prefer_next(size_t after);
    size_t index_of(const wire::Link& link) const;

    void on_link_up(wire::Link& link, const wire::HelloReply& server) override;
    void on_link_down(wire::Link& link, const Error& reason) override;
    void on_link_frame(wire::Link& link, wire::Frame frame) override;

    LinksHandler& handler_;
    std::vector<Slot> slots_;
    size_t preferred_;
    Error last_error_{ErrorCode::connection_refused, "no connection was tried yet"};
};

}  // namespace quern::client
