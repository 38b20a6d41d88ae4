// Asio, configured once for this room. Private: no header that other rooms include may include
// this.
#pragma once

#define ASIO_STANDALONE
#define ASIO_SEPARATE_COMPILATION
#define ASIO_NO_DEPRECATED

#include <asio/error.hpp>
#include <asio/io_context.hpp>
