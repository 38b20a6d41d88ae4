#define TOML_IMPLEMENTATION
#include "system/os/toml.h"
