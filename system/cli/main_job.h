// `quern dev --once FILE`: the product's main job on real input, with a leader's death half-way.
#pragma once

#include <string>

#include "system/cli/dev_session.h"

namespace quern::cli {

// The file can be read and has lines.
Result<void> check_main_job_file(const std::string& path);

// Sends every line through 8 producers, receives and deletes by 8 consumers, kills the leader of the
// queue's group half-way and restarts it a second later, judges, and prints a summary line. The exit
// status: 0 only if nothing was lost or delivered twice and all counters agree.
Result<int> run_main_job(DevSession& session, const std::string& path, bool json);

}  // namespace quern::cli
