// Asio, configured once for this room. Private: no header that other rooms include may include
// this.
#pragma once

#define ASIO_STANDALONE
#define ASIO_SEPARATE_COMPILATION
#define ASIO_NO_DEPRECATED

// Asio chooses its allocation functions by what the standard library has told about itself before;
// without any of its headers files of this room would disagree on who frees what.
#include <cstdlib>

#include <asio/error.hpp>
#include <asio/io_context.hpp>
