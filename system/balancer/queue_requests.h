// Create, delete, change and list queues. The catalogue decides first, then the queue's group is told:
//   create:  catalogue → group learns the record (if it cannot be told now, the first use does)
//   delete:  catalogue (hides the queue) → group drops the messages → catalogue forgets the record;
//            ok only after the drop, which is the fence (contract.md promise 6)
//   set:     catalogue → group learns the attributes, from when on older ones are refused there
#pragma once

#include "system/balancer/catalogue_request.h"

namespace quern::balancer {

std::unique_ptr<ActiveRequest> make_queue_request(const Context& context, AnswerSink& sink,
                                                  Identity& identity, Arrived arrived);

}  // namespace quern::balancer
