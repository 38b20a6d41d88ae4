#include "system/balancer/active_request.h"

#include "system/balancer/catalogue_client.h"

namespace quern::balancer {

void ActiveRequest::finish(Error error) {
    wire::Response response;
    response.error = std::move(error);
    response.queue = arrived_.request.queue;
    response.time = context_.catalogue.time();
    finish(response);
}

}  // namespace quern::balancer
