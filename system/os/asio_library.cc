// The compiled part of Asio, once, so that the other files of this room stay quick to build.
#include "system/os/asio.h"

#include <asio/impl/src.hpp>
