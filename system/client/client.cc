#include "system/client/client.h"

#include "system/client/client_impl.h"

namespace quern::client {

namespace {

// Owns the contents of a send, and points its entries there.
BufferChain take_contents(wire::Request& request) {
    auto* send = std::get_if<wire::SendRequest>(&request.operation);
    if (send == nullptr) return {};
    size_t size = 0;
    for (const queue::SendEntry& entry : send->entries) size += entry.content.size();
    MutableBuffer whole(size);
    uint8_t* next = whole.data();
    for (queue::SendEntry& entry : send->entries) {
        if (!entry.content.empty()) std::memcpy(next, entry.content.data(), entry.content.size());
        entry.content = {next, entry.content.size()};
        next += entry.content.size();
    }
    return BufferChain(std::move(whole).freeze());
}

size_t entry_count(const wire::Operation& operation) {
    if (const auto* send = std::get_if<wire::SendRequest>(&operation)) return send->entries.size();
    if (const auto* deletion = std::get_if<wire::DeleteRequest>(&operation)) {
        return deletion->receipts.size();
    }
    if (const auto* change = std::get_if<wire::ChangeVisibilityRequest>(&operation)) {
        return change->entries.size();
    }
    return 0;
}

}  // namespace

Client::Impl::Impl(Env& env, Options options)
    : env_(env), options_(std::move(options)), tokens_(env.entropy),
      queue_ids_(options_.queue_ids_max), links_(env, options_, *this) {}

Result<void> Client::Impl::admit(const wire::Request& request, size_t bytes) const {
    const auto over = [](ErrorCode code, const char* what, size_t limit, size_t actual) {
        return fail(Error(code, what, static_cast<int64_t>(limit), static_cast<int64_t>(actual)));
    };
    if (calls_.size() >= options_.calls_max) {
        return over(ErrorCode::overloaded, "too many calls are under way in this client",
                    options_.calls_max, calls_.size() + 1);
    }
    if (content_bytes_ + bytes > options_.content_bytes_max) {
        return over(ErrorCode::overloaded, "too many bytes are under way in this client",
                    options_.content_bytes_max, content_bytes_ + bytes);
    }
    if (bytes > limits::batch_bytes_max) {
        return over(ErrorCode::batch_too_large, "the messages are too long for one request",
                    limits::batch_bytes_max, bytes);
    }
    if (entry_count(request.operation) > limits::batch_entries_max) {
        return over(ErrorCode::batch_too_large, "too many entries for one request",
                    limits::batch_entries_max, entry_count(request.operation));
    }
    return {};
}

Client::CallId Client::Impl::begin(wire::Request request, BufferChain contents,
                                   Done<wire::Response> done, const CallOptions& options) {
    if (Result<void> admitted = admit(request, contents.size()); !admitted) {
        env_.loop.post(guard_.wrap([error = std::move(admitted.error()),
                                    done = std::move(done)]() mutable { done(fail(error)); }));
        return 0;
    }
    content_bytes_ += contents.size();
    budget_.call_begun();
    const CallId id = next_id_++;
    auto& slot = calls_[id];
    slot = std::make_unique<Call>(static_cast<CallContext&>(*this), id, std::move(request),
                                  std::move(contents), std::move(done), options);
    // Attempts end in callbacks from the loop, never here: the first one needs no post.
    slot->start();
    return id;
}

void Client::Impl::cancel(CallId id) {
    const auto found = calls_.find(id);
    if (found != calls_.end()) end(*found->second);
}

std::unique_ptr<Call> Client::Impl::end(Call& call) {
    const auto found = calls_.find(call.id());
    QUERN_ASSERT(found != calls_.end());
    std::unique_ptr<Call> ended = std::move(found->second);
    calls_.erase(found);
    waiting_.erase(call.id());
    content_bytes_ -= ended->content_bytes();
    return ended;
}

void Client::Impl::on_link_usable(const wire::HelloReply& server) {
    cluster_time_.saw(server.time, env_.clock.now());
    const std::set<CallId> waiting = std::exchange(waiting_, {});
    for (const CallId id : waiting) calls_.at(id)->link_usable();
}

// Each refusal runs a callback, which may end this client: so one post for each.
void Client::Impl::on_refused(const Error& reason) {
    for (const CallId id : waiting_) {
        env_.loop.post(guard_.wrap([this, id, reason] {
            const auto found = calls_.find(id);
            if (found != calls_.end() && waiting_.contains(id)) found->second->refused(reason);
        }));
    }
}

Client::Client(Env& env, Options options)
    : impl_(std::make_unique<Impl>(env, std::move(options))) {}
Client::~Client() = default;

Client::CallId Client::call(wire::Request request, Done<wire::Response> done,
                            CallOptions options) {
    BufferChain contents = take_contents(request);
    return impl_->begin(std::move(request), std::move(contents), std::move(done), options);
}

Client::CallId Client::call(wire::Request request, BufferChain contents, Done<wire::Response> done,
                            CallOptions options) {
    return impl_->begin(std::move(request), std::move(contents), std::move(done), options);
}

void Client::cancel(CallId call) { impl_->cancel(call); }

size_t Client::calls_under_way() const { return impl_->calls_under_way(); }
ClusterTime Client::cluster_time() const {
    if (!impl_->cluster_time_.known()) return {};
    return impl_->cluster_time_.at(impl_->env_.clock.now());
}
Env& Client::env() const { return impl_->env_; }

}  // namespace quern::client
