// Where the program with the planted bugs stands: beside this one.
#pragma once

#include <string>

namespace quern::harness {

std::string planted_program();

}  // namespace quern::harness
