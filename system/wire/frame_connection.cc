#include "system/wire/frame_connection.h"

#include <utility>

#include "system/base/limits.h"

namespace quern::wire {

namespace {

// After close() the peer gets this long to take what is queued (frame_connection.h); then the rest is dropped.
constexpr Duration linger = Duration::seconds(1);

}  // namespace

// Kept alive by the FrameConnection; after its close() by the linger timer alone. Completions of the
// Connection hold only weak references, as the Connection is a member.
class FrameConnection::Impl : public std::enable_shared_from_this<Impl> {
public:
    Impl(Env& env, std::unique_ptr<Connection> connection, const Options& options,
         FrameHandler& handler, FrameConnection& owner)
        : env_(env), connection_(std::move(connection)), decoder_(options.body_bytes_max),
          out_bytes_max_(options.out_bytes_max != 0 ? options.out_bytes_max
                                                    : limits::connection_out_bytes_max),
          handler_(&handler), owner_(&owner) {}

    void detach();
    void start();
    bool send(BufferChain frame);
    bool send_answer(BufferChain frame);
    void pause();
    void resume();
    void close();

    bool open() const { return state_ == State::open; }
    FrameDecoder& decoder() { return decoder_; }
    void set_handler(FrameHandler& handler) { handler_ = &handler; }
    void set_out_bytes_max(size_t bytes) { out_bytes_max_ = bytes; }
    size_t queued_bytes() const { return queued_.size() + writing_bytes_; }
    const Endpoint& peer() const { return connection_->peer(); }

private:
    enum class State : uint8_t {
        open,
        ended,    // by damage, the peer or an error: on_closed is posted, or was called
        closing,  // by close(): what is queued is still written
        closed,
    };

    template <typename F>
    auto weakly(F f) {
        return [weak = weak_from_this(), f](auto&&... args) {
            if (auto self = weak.lock()) (self.get()->*f)(std::forward<decltype(args)>(args)...);
        };
    }
    void read_more();
    void on_read(Result<size_t> size);
    void deliver();
    void on_deliver_posted();
    void schedule_flush();
    void flush();
    void on_written(Result<void> result);
    void finish_closing();
    void end(Error reason);
    void on_farewell_written(Result<void> result);
    void report_end();

    Env& env_;
    std::unique_ptr<Connection> connection_;
    FrameDecoder decoder_;
    size_t out_bytes_max_;
    FrameHandler* handler_;
    FrameConnection* owner_;  // nullptr once it is destroyed or closed
    State state_ = State::open;
    bool reading_ = false;
    bool paused_ = false;
    bool delivering_ = false;
    bool deliver_posted_ = false;
    bool flush_posted_ = false;
    bool writing_ = false;
    size_t writing_bytes_ = 0;
    BufferChain queued_;
    std::deque<Frame> arrived_;       // decoded, not yet delivered; at most what one read completed
    std::vector<Frame> decoded_;      // empty between calls; keeps its capacity
    std::optional<Error> read_end_;   // reading ended so; reported after the frames before it
    Error end_reason_;
    TimerId linger_timer_;
};

void FrameConnection::Impl::detach() {
    owner_ = nullptr;
    arrived_.clear();
    if (state_ == State::open || state_ == State::ended) state_ = State::closed;
}

void FrameConnection::Impl::start() {
    QUERN_ASSERT(!reading_);
    read_more();
}

// --- reading ------------------------------------------------------------------------------------------

void FrameConnection::Impl::read_more() {
    if (reading_ || paused_ || read_end_ || !open()) return;
    reading_ = true;
    connection_->read(decoder_.space(), weakly(&Impl::on_read));
}

void FrameConnection::Impl::on_read(Result<size_t> size) {
    reading_ = false;
    if (!open()) return;
    if (!size) {
        read_end_ = std::move(size.error());
    } else if (*size == 0) {
        read_end_ = Error(ErrorCode::connection_closed,
                          decoder_.mid_frame() ? "the peer closed in the middle of a frame"
                                               : "the peer closed the connection");
    } else {
        Result<void> taken = decoder_.consumed(*size, decoded_);
        for (Frame& frame : decoded_) arrived_.push_back(std::move(frame));
        decoded_.clear();
        if (!taken) read_end_ = std::move(taken.error());
    }
    deliver();
}

// Callers hold a shared_ptr to this object: a handler may destroy the FrameConnection.
void FrameConnection::Impl::deliver() {
    if (delivering_) return;
    delivering_ = true;
    while (open() && owner_ != nullptr && !paused_ && !arrived_.empty()) {
        Frame frame = std::move(arrived_.front());
        arrived_.pop_front();
        handler_->on_frame(*owner_, std::move(frame));
    }
    delivering_ = false;
    if (!open() || owner_ == nullptr || paused_) return;
    if (read_end_) {
        end(*read_end_);
    } else {
        read_more();
    }
}

void FrameConnection::Impl::pause() { paused_ = true; }

void FrameConnection::Impl::resume() {
    if (!paused_) return;
    paused_ = false;
    if (delivering_ || deliver_posted_) return;
    deliver_posted_ = true;
    env_.loop.post(weakly(&Impl::on_deliver_posted));
}

void FrameConnection::Impl::on_deliver_posted() {
    deliver_posted_ = false;
    deliver();
}

// --- writing ------------------------------------------------------------------------------------------

bool FrameConnection::Impl::send(BufferChain frame) {
    if (!open()) return false;
    if (frame.size() > out_bytes_max_ || queued_bytes() > out_bytes_max_ - frame.size()) {
        end(Error(ErrorCode::overloaded, "the peer does not take what is sent to it",
                  static_cast<int64_t>(out_bytes_max_),
                  static_cast<int64_t>(queued_bytes() + frame.size())));
        return false;
    }
    queued_.append(std::move(frame));
    schedule_flush();
    return true;
}

bool FrameConnection::Impl::send_answer(BufferChain frame) {
    if (!open() || !env_.faults.fire(FaultPoint::answer_lost)) return send(std::move(frame));
    end(Error(ErrorCode::connection_reset, "lost with the answer that was about to leave"));
    return false;
}

void FrameConnection::Impl::schedule_flush() {
    if (writing_ || flush_posted_) return;
    flush_posted_ = true;
    env_.loop.post(weakly(&Impl::flush));
}

void FrameConnection::Impl::flush() {
    flush_posted_ = false;
    if (writing_ || queued_.empty() || !(open() || state_ == State::closing)) return;
    writing_ = true;
    writing_bytes_ = queued_.size();
    connection_->write(std::exchange(queued_, {}), weakly(&Impl::on_written));
}

void FrameConnection::Impl::on_written(Result<void> result) {
    writing_ = false;
    writing_bytes_ = 0;
    if (state_ == State::closing) {
        if (result && !queued_.empty()) return flush();
        return finish_closing();
    }
    if (!open()) return;
    if (!result) return end(std::move(result.error()));
    flush();
}

// --- ending -------------------------------------------------------------------------------------------

void FrameConnection::Impl::close() {
    if (state_ != State::open) {
        state_ = State::closed;
        return;
    }
    state_ = State::closing;
    arrived_.clear();
    if (queued_.empty() && !writing_) return finish_closing();
    linger_timer_ = env_.timers.start(env_.clock.now() + linger,
                                      [self = shared_from_this()] { self->finish_closing(); });
    flush();
}

void FrameConnection::Impl::finish_closing() {
    if (state_ != State::closing) return;
    state_ = State::closed;
    queued_.clear();
    connection_->close();
    if (linger_timer_) env_.timers.cancel(std::exchange(linger_timer_, TimerId{}));
}

void FrameConnection::Impl::end(Error reason) {
    if (!open()) return;
    state_ = State::ended;
    end_reason_ = std::move(reason);
    arrived_.clear();
    queued_.clear();
    const Buffer farewell = decoder_.farewell();
    if (!farewell.empty() && !writing_) {
        connection_->write(farewell, weakly(&Impl::on_farewell_written));
        return;
    }
    connection_->close();
    env_.loop.post(weakly(&Impl::report_end));
}

void FrameConnection::Impl::on_farewell_written(Result<void>) {
    connection_->close();
    report_end();
}

void FrameConnection::Impl::report_end() {
    if (state_ != State::ended || owner_ == nullptr) return;
    state_ = State::closed;
    handler_->on_closed(*owner_, end_reason_);
}

// --- FrameConnection ----------------------------------------------------------------------------------

FrameConnection::FrameConnection(Env& env, std::unique_ptr<Connection> connection,
                                 const Options& options, FrameHandler& handler)
    : impl_(std::make_shared<Impl>(env, std::move(connection), options, handler, *this)) {}

FrameConnection::~FrameConnection() { impl_->detach(); }

void FrameConnection::start() { impl_->start(); }
bool FrameConnection::send(BufferChain frame) { return impl_->send(std::move(frame)); }
bool FrameConnection::send_answer(BufferChain frame) {
    return impl_->send_answer(std::move(frame));
}
void FrameConnection::pause_reading() { impl_->pause(); }
void FrameConnection::resume_reading() { impl_->resume(); }
void FrameConnection::close() { impl_->close(); }
void FrameConnection::set_body_bytes_max(size_t bytes) {
    impl_->decoder().set_body_bytes_max(bytes);
}
void FrameConnection::set_out_bytes_max(size_t bytes) { impl_->set_out_bytes_max(bytes); }
void FrameConnection::set_handler(FrameHandler& handler) { impl_->set_handler(handler); }
size_t FrameConnection::queued_bytes() const { return impl_->queued_bytes(); }
bool FrameConnection::open() const { return impl_->open(); }
const Endpoint& FrameConnection::peer() const { return impl_->peer(); }

}  // namespace quern::wire
