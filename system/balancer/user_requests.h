// Users: create (with an access key made here, its secret sealed before it leaves this process), delete,
// list, grant and revoke. All need the permission to administer.
#pragma once

#include "system/balancer/catalogue_request.h"

namespace quern::balancer {

std::unique_ptr<ActiveRequest> make_user_request(const Context& context, AnswerSink& sink,
                                                 Identity& identity, Arrived arrived);

}  // namespace quern::balancer
