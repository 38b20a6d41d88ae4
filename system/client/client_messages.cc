#include "system/client/answer.h"
#include "system/client/client.h"

namespace quern::client {

namespace {

Failure wrong_count() {
    return fail(Error(ErrorCode::protocol_error, "the answer has another number of results")
                    .with_outcome(Outcome::unknown));
}

Error error_of(const queue::SendResult& result) {
    return Error(result.error, "the message was refused", result.limit, result.actual);
}

}  // namespace

void Client::send_batch(const std::string& queue, std::vector<OutgoingMessage> messages,
                        Done<BatchSent> done, CallOptions options) {
    wire::SendRequest send;
    BufferChain contents;
    send.entries.reserve(messages.size());
    for (OutgoingMessage& message : messages) {
        QUERN_ASSERT(message.body_bytes <= message.content.size());
        send.entries.push_back({message.content.span(), message.body_bytes, message.delay_ms});
        contents.append(std::move(message.content));
    }
    wire::Request request;
    request.queue_name = queue;
    request.operation = std::move(send);
    const size_t count = messages.size();
    call(std::move(request), std::move(contents),
         answer_to<wire::SendResponse>(
             std::move(done),
             [count](wire::Response& response, wire::SendResponse& body) -> Result<BatchSent> {
                 if (body.results.size() != count) return wrong_count();
                 return BatchSent{response.queue, std::move(body.results)};
             }),
         options);
}

void Client::send(const std::string& queue, OutgoingMessage message, Done<queue::MessageId> done) {
    std::vector<OutgoingMessage> one;
    one.push_back(std::move(message));
    send_batch(queue, std::move(one), [done = std::move(done)](Result<BatchSent> sent) mutable {
        if (!sent) return done(fail(std::move(sent.error())));
        const queue::SendResult& result = sent->results.front();
        if (result.error != ErrorCode::ok) return done(fail(error_of(result)));
        done(queue::MessageId{sent->queue, result.seq});
    });
}

Client::CallId Client::receive(const std::string& queue, wire::ReceiveRequest receive,
                               Done<wire::ReceiveResponse> done) {
    wire::Request request;
    request.queue_name = queue;
    request.operation = receive;
    return call(std::move(request), body_to<wire::ReceiveResponse>(std::move(done)));
}

void Client::delete_messages(const std::string& queue, std::vector<wire::ReceiptBytes> receipts,
                             Done<std::vector<ErrorCode>> done) {
    wire::Request request;
    request.queue_name = queue;
    const size_t count = receipts.size();
    request.operation = wire::DeleteRequest{std::move(receipts)};
    call(std::move(request),
         answer_to<wire::DeleteResponse>(
             std::move(done),
             [count](wire::Response&, wire::DeleteResponse& body) -> Result<std::vector<ErrorCode>> {
                 if (body.results.size() != count) return wrong_count();
                 return std::move(body.results);
             }));
}

void Client::delete_message(const std::string& queue, const wire::ReceiptBytes& receipt,
                            Done<void> done) {
    delete_messages(queue, {receipt},
                    [done = std::move(done)](Result<std::vector<ErrorCode>> results) mutable {
                        if (!results) return done(fail(std::move(results.error())));
                        const ErrorCode code = results->front();
                        if (code != ErrorCode::ok) return done(fail(code));
                        done({});
                    });
}

void Client::change_visibility(const std::string& queue,
                               std::vector<wire::ChangeVisibilityRequest::Entry> entries,
                               Done<std::vector<ErrorCode>> done) {
    wire::Request request;
    request.queue_name = queue;
    const size_t count = entries.size();
    request.operation = wire::ChangeVisibilityRequest{std::move(entries)};
    call(std::move(request),
         answer_to<wire::ChangeVisibilityResponse>(
             std::move(done),
             [count](wire::Response&,
                     wire::ChangeVisibilityResponse& body) -> Result<std::vector<ErrorCode>> {
                 if (body.results.size() != count) return wrong_count();
                 return std::move(body.results);
             }));
}

void Client::peek(const std::string& queue, wire::PeekRequest peek, Done<wire::PeekResponse> done) {
    wire::Request request;
    request.queue_name = queue;
    request.operation = peek;
    call(std::move(request), body_to<wire::PeekResponse>(std::move(done)));
}

}  // namespace quern::client
