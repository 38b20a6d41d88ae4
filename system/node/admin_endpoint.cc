#include "system/node/admin_endpoint.h"

#include <array>

namespace quern::node {

// One connection: reading → writing → gone. It ends itself through end(), which destroys it.
class AdminEndpoint::Visit {
public:
    Visit(AdminEndpoint& endpoint, std::unique_ptr<Connection> connection)
        : endpoint_(endpoint), connection_(std::move(connection)), timer_(endpoint.env_.timers) {}

    void start() {
        timer_.start(endpoint_.env_.clock.now() + endpoint_.options_.patience, [this] { end(); });
        read();
    }

private:
    void read() {
        connection_->read(space_, guard_.wrap([this](Result<size_t> size) { came(std::move(size)); }));
    }
    void came(Result<size_t> size) {
        if (!size || *size == 0) return end();
        head_.append(reinterpret_cast<const char*>(space_.data()), *size);
        const HttpParse request = parse_http_head(head_);
        if (!request.complete) return read();
        write(endpoint_.answer(request));
    }
    void write(const HttpPage& page) {
        BufferChain response;
        response.append(Buffer::copy_of(render(page)));
        connection_->write(std::move(response), guard_.wrap([this](Result<void> written) {
            if (!written) return end();
            connection_->close();
            end();
        }));
    }
    void end() {
        std::list<std::unique_ptr<Visit>>& visits = endpoint_.visits_;
        visits.remove_if([this](const std::unique_ptr<Visit>& visit) { return visit.get() == this; });
    }

    AdminEndpoint& endpoint_;
    std::unique_ptr<Connection> connection_;
    std::array<uint8_t, 1024> space_{};
    std::string head_;
    OwnedTimer timer_;
    LifeGuard guard_;
};

AdminEndpoint::AdminEndpoint(Env& env, Options options, AdminPages& pages)
    : env_(env), options_(std::move(options)), pages_(pages) {}

AdminEndpoint::~AdminEndpoint() { listener_.reset(); }

Result<void> AdminEndpoint::start() {
    auto listening = env_.network.listen(
        options_.at,
        [this](std::unique_ptr<Connection> connection) { accepted(std::move(connection)); });
    if (!listening) return fail(std::move(listening.error()));
    listener_ = std::move(*listening);
    return {};
}

void AdminEndpoint::accepted(std::unique_ptr<Connection> connection) {
    if (visits_.size() >= options_.connections_max) return;  // closed by its destruction
    visits_.push_back(std::make_unique<Visit>(*this, std::move(connection)));
    visits_.back()->start();
}

HttpPage AdminEndpoint::answer(const HttpParse& request) {
    if (request.fault) return page_of(*request.fault);
    if (request.head.method != "GET") return {405, HttpPage{}.type, "only GET is answered here\n"};
    std::optional<HttpPage> page = pages_.page(request.head.path);
    if (page) return std::move(*page);
    return {404, HttpPage{}.type, "there are /metrics, /health and /ready\n"};
}

}  // namespace quern::node
