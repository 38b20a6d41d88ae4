// A text file line by line, without the line breaks.
#pragma once

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "system/base/result.h"

namespace quern::cli {

class LineFile {
public:
    // "-": standard input. not_found, permission_denied.
    static Result<LineFile> open(const std::string& path);
    // The next line, valid until the next call; false at the end. A line break that ends the file
    // starts no further line.
    bool next(std::string_view& line);
    // Of the line next() gave last, from 1.
    uint64_t number() const { return number_; }
    // A read failed; the end came too early.
    bool failed() const { return std::ferror(file_.get()) != 0; }

private:
    struct Close {
        void operator()(std::FILE* file) const {
            if (file != stdin) std::fclose(file);
        }
    };
    struct Free {
        void operator()(char* line) const { std::free(line); }
    };
    std::unique_ptr<std::FILE, Close> file_;
    std::unique_ptr<char, Free> line_;
    size_t room_ = 0;
    uint64_t number_ = 0;
};

// Everything on standard input. io_failed; message_too_large beyond `bytes_max`.
Result<std::string> read_standard_input(size_t bytes_max);

}  // namespace quern::cli
