#include "system/os/log.h"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include "system/base/assert.h"

namespace quern::os {

namespace {

spdlog::level::level_enum level_of(LogLevel level) {
    switch (level) {
        case LogLevel::debug:
            return spdlog::level::debug;
        case LogLevel::info:
            return spdlog::level::info;
        case LogLevel::warning:
            return spdlog::level::warn;
        case LogLevel::error:
            return spdlog::level::err;
    }
    QUERN_UNREACHABLE();
}

class SpdLog final : public Log {
public:
    SpdLog(LogLevel level, spdlog::sink_ptr sink) : logger_("quern", std::move(sink)) {
        logger_.set_level(level_of(level));
        logger_.flush_on(spdlog::level::info);
        logger_.set_formatter(std::make_unique<spdlog::pattern_formatter>(
            "%Y-%m-%dT%H:%M:%S.%fZ %-7l %v", spdlog::pattern_time_type::utc));
    }

    bool enabled(LogLevel level) const override { return logger_.should_log(level_of(level)); }
    void write(LogLevel level, std::string_view room, std::string_view text) override {
        logger_.log(level_of(level), "{}: {}", room, text);
    }

private:
    spdlog::logger logger_;
};

}  // namespace

Result<std::unique_ptr<Log>> make_log(LogLevel level, const std::string& file) {
    if (file.empty()) {
        return std::make_unique<SpdLog>(level, std::make_shared<spdlog::sinks::stderr_sink_mt>());
    }
    try {
        return std::make_unique<SpdLog>(level,
                                        std::make_shared<spdlog::sinks::basic_file_sink_mt>(file));
    } catch (const spdlog::spdlog_ex& error) {
        return fail(ErrorCode::io_failed, error.what());
    }
}

}  // namespace quern::os
