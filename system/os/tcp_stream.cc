#include "system/os/tcp_stream.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>

#include "system/os/posix_error.h"

namespace quern::os {

namespace {

constexpr size_t gather_parts_max = 64;
constexpr Duration linger_max = Duration::seconds(1);
constexpr size_t linger_bytes_max = 16 * 1024 * 1024;

// Fills `vectors` from the chain behind (part, offset); gives the count.
size_t gather(const std::vector<Buffer>& parts, size_t part, size_t offset_bytes,
              std::array<iovec, gather_parts_max>& vectors) {
    size_t count = 0;
    for (; part < parts.size() && count < vectors.size(); ++part) {
        vectors[count].iov_base = const_cast<uint8_t*>(parts[part].data() + offset_bytes);
        vectors[count].iov_len = parts[part].size() - offset_bytes;
        offset_bytes = 0;
        ++count;
    }
    return count;
}

}  // namespace

TcpStream::TcpStream(TcpContext& context, asio::ip::tcp::socket socket)
    : context_(context), socket_(std::move(socket)) {}

Failure TcpStream::failed(const char* what) {
    Failure failure = posix_failure(broken_, what);
    // What breaks an established stream is one of two things to its user.
    ErrorCode& code = failure.value().code;
    if (code != ErrorCode::timed_out) code = ErrorCode::connection_reset;
    failure.value().outcome = Outcome::unknown;
    return failure;
}

void TcpStream::read(std::span<uint8_t> into, Callback<void(Result<size_t>)> done) {
    QUERN_ASSERT_MSG(!read_done_, "one read may be outstanding");
    QUERN_ASSERT(!into.empty());
    read_done_ = std::move(done);
    if (state_ != State::open) return post_closed();
    if (input_over_) {
        return context_.loop.post([self = shared_from_this()] { self->tell_input_over(); });
    }
    socket_.async_read_some(asio::buffer(into.data(), into.size()),
                            [self = shared_from_this()](const asio::error_code& error, size_t n) {
                                self->on_read(error, n);
                            });
}

void TcpStream::on_read(const asio::error_code& error, size_t bytes) {
    if (state_ != State::open) return;  // close() and abandon() have seen to the callback
    if (!error) return finish_read(bytes);
    input_over_ = true;
    if (error != asio::error::eof && broken_ == 0) broken_ = error.value();
    tell_input_over();
}

void TcpStream::tell_input_over() {
    if (state_ != State::open) return;
    if (broken_ == 0) return finish_read(size_t{0});
    finish_read(failed("read"));
}

void TcpStream::finish_read(Result<size_t> result) {
    Callback<void(Result<size_t>)> done = std::move(read_done_);
    if (done) done(std::move(result));
}

void TcpStream::write(BufferChain data, Callback<void(Result<void>)> done) {
    QUERN_ASSERT_MSG(!write_done_, "one write may be outstanding");
    write_done_ = std::move(done);
    if (state_ != State::open) return post_closed();
    out_ = std::move(data);
    out_part_ = 0;
    out_offset_bytes_ = 0;
    send_more();
}

// Sends until everything is out or the kernel has no room; the completion is posted in either case.
void TcpStream::send_more() {
    const std::vector<Buffer>& parts = out_.parts();
    while (out_part_ < parts.size() && broken_ == 0) {
        std::array<iovec, gather_parts_max> vectors;
        msghdr message{};
        message.msg_iov = vectors.data();
        message.msg_iovlen = gather(parts, out_part_, out_offset_bytes_, vectors);
        const ssize_t sent =
            ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0) {
            if (errno == EINTR) continue;
            if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS) return wait_for_room();
            broken_ = errno;
            break;
        }
        size_t left = static_cast<size_t>(sent);
        while (left > 0) {
            const size_t rest = parts[out_part_].size() - out_offset_bytes_;
            const size_t taken = std::min(left, rest);
            left -= taken;
            out_offset_bytes_ += taken;
            if (taken == rest) {
                ++out_part_;
                out_offset_bytes_ = 0;
            }
        }
    }
    out_.clear();
    context_.loop.post([self = shared_from_this()] { self->on_sent(); });
}

void TcpStream::on_sent() {
    if (state_ != State::open) return;
    finish_write(broken_ == 0 ? Result<void>() : failed("write"));
}

void TcpStream::wait_for_room() {
    socket_.async_wait(asio::ip::tcp::socket::wait_write,
                       [self = shared_from_this()](const asio::error_code& error) {
                           if (self->state_ != State::open) return;
                           if (error) self->broken_ = error.value();
                           self->send_more();
                       });
}

void TcpStream::finish_write(Result<void> result) {
    Callback<void(Result<void>)> done = std::move(write_done_);
    if (done) done(std::move(result));
}

void TcpStream::close() {
    if (state_ != State::open) return;
    post_closed();
    linger();
}

void TcpStream::post_closed() {
    if (closed_posted_) return;
    closed_posted_ = true;
    context_.loop.post([self = shared_from_this()] { self->complete_closed(); });
}

void TcpStream::complete_closed() {
    closed_posted_ = false;
    if (read_done_) finish_read(fail(ErrorCode::connection_closed));
    if (write_done_) finish_write(fail(ErrorCode::connection_closed));
}

void TcpStream::abandon() {
    const bool unsent = static_cast<bool>(write_done_) && !out_.empty();
    const Callback<void(Result<size_t>)> reader = std::move(read_done_);
    const Callback<void(Result<void>)> writer = std::move(write_done_);
    if (state_ != State::open) return;
    if (!unsent) return linger();
    const ::linger reset{1, 0};
    ::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    shut();
}

void TcpStream::linger() {
    state_ = State::lingering;
    out_.clear();
    asio::error_code error;
    socket_.cancel(error);
    socket_.shutdown(asio::ip::tcp::socket::shutdown_send, error);
    if (error) return shut();
    linger_timer_ =
        context_.timers.start(context_.clock.now() + linger_max, [self = shared_from_this()] {
            self->linger_timer_ = TimerId{};
            self->shut();
        });
    discard_input();
}

void TcpStream::discard_input() {
    uint8_t scratch[16 * 1024];
    for (;;) {
        const ssize_t got = ::recv(socket_.native_handle(), scratch, sizeof(scratch), MSG_DONTWAIT);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
        if (got > 0) discarded_bytes_ += static_cast<size_t>(got);
        if (got <= 0 || discarded_bytes_ > linger_bytes_max) return shut();
    }
    socket_.async_wait(asio::ip::tcp::socket::wait_read,
                       [self = shared_from_this()](const asio::error_code& error) {
                           if (self->state_ != State::lingering) return;
                           if (error) return self->shut();
                           self->discard_input();
                       });
}

void TcpStream::shut() {
    state_ = State::closed;
    if (linger_timer_) context_.timers.cancel(std::exchange(linger_timer_, TimerId{}));
    asio::error_code ignored;
    socket_.close(ignored);
}

}  // namespace quern::os
