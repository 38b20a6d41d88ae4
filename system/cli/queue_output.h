// Queues and messages as a person or a script sees them.
#pragma once

#include <string>
#include <vector>

#include "system/wire/client_messages.h"

namespace quern::cli {

void print_queue(const wire::QueueStatusResponse& status, ClusterTime now);
// Counters only with `status`.
void print_queue_json(const metadata::QueueRecord& record, const wire::QueueStatusResponse* status);
void print_names_json(const std::string& field, const std::vector<std::string>& names);
// {"VERB": "name"}, or the sentence.
void print_done(const std::string& verb, const std::string& name, const std::string& sentence,
                bool json);

// A message in full: as lines for a person, or one JSON object a line. `receipt`: with its receipt.
void print_message(const wire::ReceivedMessage& message, QueueId queue, bool receipt, bool json);

// Cluster time as UTC: "2023-05-17T08:30:00.123Z".
std::string time_text(ClusterTime time);

}  // namespace quern::cli
