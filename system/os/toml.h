// toml++ without exceptions, its bodies compiled once (toml.cc): all of them in every file that reads TOML
// take seconds.
#pragma once

#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 0
#include <toml++/toml.h>
