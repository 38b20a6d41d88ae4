#include "system/cli/command.h"

#include "system/cli/units.h"

namespace quern::cli {

CLI::App* Commands::add(CLI::App& parent, const std::string& name, const std::string& description,
                        const std::string& examples) {
    CLI::App* command = parent.add_subcommand(name, description);
    command->fallthrough();
    command->footer("Examples:\n" + examples + "\nGlobal options: see `quern --help`.");
    return command;
}

void Commands::run(CLI::App* command, Action action) {
    command->callback([this, action = std::move(action)] { chosen_ = action; });
}

namespace {

template <typename Parse>
CLI::Option* add_parsed(CLI::App* command, const std::string& name, int64_t& value,
                        const std::string& description, const char* shape, Parse parse) {
    auto read = [&value, parse, name, shape](const std::string& text) {
        const std::optional<int64_t> parsed = parse(text);
        if (!parsed) {
            throw CLI::ValidationError(name, "must be " + std::string(shape) + ", but is '" + text + "'");
        }
        value = *parsed;
    };
    return command->add_option_function<std::string>(name, read, description);
}

}  // namespace

CLI::Option* add_duration(CLI::App* command, const std::string& name, int64_t& milliseconds,
                          const std::string& description) {
    return add_parsed(command, name, milliseconds, description,
                      "a duration such as 500ms, 30s, 5m, 12h or 4d", parse_duration_ms)
        ->type_name("DURATION");
}

CLI::Option* add_bytes(CLI::App* command, const std::string& name, int64_t& bytes,
                       const std::string& description) {
    return add_parsed(command, name, bytes, description, "a size such as 512, 64KiB or 1MiB",
                      parse_bytes)
        ->type_name("BYTES");
}

}  // namespace quern::cli
