#include "harness/chaos/relay.h"

#include <algorithm>
#include <array>
#include <deque>

namespace quern::harness::chaos {

namespace {

constexpr size_t read_bytes = 16 * 1024;
constexpr size_t held_bytes_max = 256 * 1024;  // of one way; beyond it nothing is read

// From one end of a stream to the other.
class Way {
public:
    using Ended = Callback<void()>;
    Way(Env& env, RelayRules& rules, std::string from, std::string to)
        : env_(env), rules_(rules), from_(std::move(from)), to_(std::move(to)), timer_(env.timers) {}

    // Both must outlive this object. `ended`: everything was handed on, and nothing more comes.
    void start(Connection& source, Connection& target, Ended ended) {
        source_ = &source;
        target_ = &target;
        ended_ = std::move(ended);
        pump();
    }
    void pump() {
        read();
        write();
    }

private:
    struct Held {
        Instant due;
        Buffer bytes;
    };

    void read() {
        if (reading_ || source_ended_ || held_bytes_ >= held_bytes_max || rules_.cut(from_, to_)) return;
        reading_ = true;
        source_->read(room_, [this](Result<size_t> got) { took(got); });
    }
    void took(const Result<size_t>& got) {
        reading_ = false;
        source_ended_ = !got || *got == 0;
        if (!source_ended_) {
            const Instant due = rules_.due(from_, to_, *got);
            last_due_ = std::max(last_due_, due);
            held_.push_back({last_due_, Buffer::copy_of({room_.data(), *got})});
            held_bytes_ += *got;
        }
        pump();
    }
    void write() {
        if (writing_ || rules_.cut(from_, to_)) return;
        if (held_.empty()) {
            if (source_ended_ && ended_) std::exchange(ended_, {})();
            return;
        }
        if (held_.front().due > env_.clock.now()) {
            return timer_.start(held_.front().due, [this] { write(); });
        }
        writing_ = true;
        held_bytes_ -= held_.front().bytes.size();
        BufferChain chain(std::move(held_.front().bytes));
        held_.pop_front();
        target_->write(std::move(chain), [this](Result<void> done) {
            writing_ = false;
            if (!done) {
                held_.clear();
                source_ended_ = true;
            }
            pump();
        });
    }

    Env& env_;
    RelayRules& rules_;
    std::string from_;
    std::string to_;
    OwnedTimer timer_;
    Connection* source_ = nullptr;
    Connection* target_ = nullptr;
    Ended ended_;
    std::array<uint8_t, read_bytes> room_{};
    std::deque<Held> held_;
    size_t held_bytes_ = 0;
    Instant last_due_;
    bool reading_ = false;
    bool writing_ = false;
    bool source_ended_ = false;
};

}  // namespace

class Relay::Stream {
public:
    Stream(Relay& relay, std::unique_ptr<Connection> near, std::string from)
        : relay_(relay), near_(std::move(near)), out_(relay.env_, relay.rules_, from, relay.target_host_),
          back_(relay.env_, relay.rules_, relay.target_host_, from) {}

    // `over`: this object may go. Runs from the loop.
    void start(Callback<void()> over) {
        over_ = std::move(over);
        relay_.env_.network.connect(
            relay_.target_, guard_.wrap([this](Result<std::unique_ptr<Connection>> far) {
                if (!far) return end();
                far_ = std::move(*far);
                out_.start(*near_, *far_, [this] { end(); });
                back_.start(*far_, *near_, [this] { end(); });
            }));
    }
    void pump() {
        if (far_ == nullptr || over_said_) return;
        out_.pump();
        back_.pump();
    }

private:
    // One way at its end ends both, as nobody here half-closes.
    void end() {
        if (std::exchange(over_said_, true)) return;
        relay_.env_.loop.post(guard_.wrap([this] {
            Callback<void()> over = std::move(over_);
            over();
        }));
    }

    Relay& relay_;
    std::unique_ptr<Connection> near_;
    std::unique_ptr<Connection> far_;
    Callback<void()> over_;
    bool over_said_ = false;
    Way out_;
    Way back_;
    LifeGuard guard_;
};

Relay::Relay(Env& env, RelayRules& rules, Endpoint target, std::string target_host)
    : env_(env), rules_(rules), target_(std::move(target)), target_host_(std::move(target_host)) {}

Relay::~Relay() = default;

Result<std::unique_ptr<Relay>> Relay::listen(Env& env, RelayRules& rules, const Endpoint& at,
                                             const Endpoint& target, std::string target_host) {
    std::unique_ptr<Relay> relay(new Relay(env, rules, target, std::move(target_host)));
    auto listener = env.network.listen(at, [made = relay.get()](std::unique_ptr<Connection> connection) {
        made->accepted(std::move(connection));
    });
    if (!listener) return fail(std::move(listener.error()));
    relay->listener_ = std::move(*listener);
    return relay;
}

void Relay::accepted(std::unique_ptr<Connection> connection) {
    std::string from = rules_.host_of(connection->peer(), listener_->local());
    streams_.push_back(std::make_shared<Stream>(*this, std::move(connection), std::move(from)));
    Stream* stream = streams_.back().get();
    stream->start([this, stream] {
        std::erase_if(streams_, [stream](const auto& each) { return each.get() == stream; });
    });
}

void Relay::rules_changed() {
    const std::vector<std::shared_ptr<Stream>> all = streams_;
    for (const auto& stream : all) stream->pump();
}

}  // namespace quern::harness::chaos
