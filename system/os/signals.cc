#include "system/os/signals.h"

#include "system/os/asio.h"

#include <asio/signal_set.hpp>
#include <csignal>

#include "system/os/os_env_parts.h"

namespace quern::os {

struct StopSignals::State : std::enable_shared_from_this<State> {
    State(EventLoop& loop, Callback<void(int)> callback)
        : signals(loop.context(), SIGINT, SIGTERM), stop(std::move(callback)) {}

    void wait() {
        signals.async_wait([self = shared_from_this()](const asio::error_code& error, int number) {
            if (error || !self->alive) return;
            self->stop(number);
            if (self->alive) self->wait();
        });
    }

    asio::signal_set signals;
    Callback<void(int)> stop;
    bool alive = true;
};

StopSignals::StopSignals(OsEnv& env, Callback<void(int)> stop)
    : state_(std::make_shared<State>(OsAccess::loop(env), std::move(stop))) {
    state_->wait();
}

StopSignals::~StopSignals() {
    state_->alive = false;
    asio::error_code ignored;
    state_->signals.clear(ignored);
    state_->signals.cancel(ignored);
}

}  // namespace quern::os
