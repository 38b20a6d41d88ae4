// Private to client's .cc files: from a Response to the value a typed call promises.
#pragma once

#include "system/client/client.h"

namespace quern::client {

// `take(response, body)` gives the value from the body of the expected kind.
template <typename Body, typename T, typename F>
Callback<void(Result<wire::Response>)> answer_to(Callback<void(Result<T>)> done, F take) {
    return [done = std::move(done), take](Result<wire::Response> response) mutable {
        if (!response) return done(fail(std::move(response.error())));
        if (response->error.code != ErrorCode::ok) return done(fail(std::move(response->error)));
        auto* body = std::get_if<Body>(&response->body);
        if (body == nullptr) {
            // It was done; what it answered is lost.
            return done(fail(Error(ErrorCode::protocol_error, "the answer is of another kind")
                                 .with_outcome(Outcome::applied)));
        }
        done(take(*response, *body));
    };
}

template <typename Body>
Callback<void(Result<wire::Response>)> body_to(Callback<void(Result<Body>)> done) {
    return answer_to<Body>(std::move(done), [](wire::Response&, Body& body) -> Result<Body> {
        return std::move(body);
    });
}

// Any body will do.
inline Callback<void(Result<wire::Response>)> ok_to(Callback<void(Result<void>)> done) {
    return [done = std::move(done)](Result<wire::Response> response) mutable {
        if (!response) return done(fail(std::move(response.error())));
        if (response->error.code != ErrorCode::ok) return done(fail(std::move(response->error)));
        done({});
    };
}

}  // namespace quern::client
