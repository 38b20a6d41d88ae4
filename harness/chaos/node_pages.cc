#include "harness/chaos/node_pages.h"

#include <array>

namespace quern::harness::chaos {

namespace {

constexpr Duration patience = Duration::seconds(3);
constexpr size_t page_bytes_max = 1 << 20;

class Fetch {
public:
    Fetch(RealScene& scene, const Endpoint& from, const std::string& path)
        : question_("GET " + path + " HTTP/1.1\r\nHost: node\r\nConnection: close\r\n\r\n") {
        scene.client_env(0).network.connect(
            from, guard_.wrap([this](Result<std::unique_ptr<Connection>> made) {
                if (!made) return end();
                connection_ = std::move(*made);
                ask();
            }));
    }
    bool done() const { return done_; }
    std::string take() { return std::move(page_); }

private:
    void ask() {
        const std::span<const uint8_t> bytes(reinterpret_cast<const uint8_t*>(question_.data()),
                                             question_.size());
        connection_->write(Buffer::copy_of(bytes), [this](Result<void> written) {
            if (!written) return end();
            read();
        });
    }
    void read() {
        connection_->read(room_, [this](Result<size_t> got) {
            if (!got || *got == 0 || page_.size() > page_bytes_max) return end();
            page_.append(reinterpret_cast<const char*>(room_.data()), *got);
            read();
        });
    }
    void end() { done_ = true; }

    std::string question_;
    std::unique_ptr<Connection> connection_;
    std::array<uint8_t, 4096> room_{};
    std::string page_;
    bool done_ = false;
    LifeGuard guard_;
};

}  // namespace

std::string fetch_page(RealScene& scene, const Endpoint& from, const std::string& path) {
    Fetch fetch(scene, from, path);
    scene.run_until([&fetch] { return fetch.done(); }, patience);
    return fetch.take();
}

}  // namespace quern::harness::chaos
