// Runs a system program (ip, nft, tc, mount, …) to its end. They take milliseconds, so the loop waits.
#pragma once

#include <string>
#include <vector>

#include "system/base/result.h"

namespace quern::harness::chaos {

// `input` becomes its standard input. The value is what it wrote to standard output. Fails with
// not_found (there is no such program), io_failed (it ended with another status than 0; the detail
// holds the command and the first line of its complaint).
Result<std::string> run_program(const std::vector<std::string>& arguments, const std::string& input = "");

// The arguments with spaces between them, for people.
std::string command_text(const std::vector<std::string>& arguments);

}  // namespace quern::harness::chaos
