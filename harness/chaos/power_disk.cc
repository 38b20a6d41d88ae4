#include "harness/chaos/power_disk.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <filesystem>

namespace quern::harness::chaos {

namespace {

constexpr int looks_max = 250;
constexpr Duration between_looks = Duration::milliseconds(20);

}  // namespace

Result<std::unique_ptr<Disk>> PowerDisk::make(os::OsEnv& os, const std::string& program,
                                              const std::string& place) {
    if (::access(program.c_str(), X_OK) != 0) {
        return fail(ErrorCode::not_supported, "quern-chaos-disk was not built (libfuse3 was not there)");
    }
    os::ChildOptions options;
    options.program = program;
    options.arguments = {place};
    options.output_file = place + ".disk.log";
    auto process = os::ChildProcess::start(os, options, [](os::ChildExit) {});
    if (!process) return fail(process.error());
    std::unique_ptr<PowerDisk> disk(new PowerDisk(place, std::move(*process)));
    const Clock& clock = os.env().clock;
    for (int look = 0; look < looks_max && disk->process_->running(); ++look) {
        std::error_code none;
        if (std::filesystem::exists(disk->control(), none)) return std::unique_ptr<Disk>(std::move(disk));
        os.run_until([] { return false; }, clock.now() + between_looks);
    }
    return fail(ErrorCode::not_supported, "FUSE file systems cannot be mounted");
}

PowerDisk::~PowerDisk() { ::umount2(place_.c_str(), MNT_DETACH); }

Result<void> PowerDisk::lose_power(uint64_t draw) {
    const std::string text = std::to_string(draw);
    const int file = ::open(control().c_str(), O_WRONLY | O_CLOEXEC);
    const ssize_t written = file < 0 ? -1 : ::write(file, text.data(), text.size());
    if (file >= 0) ::close(file);
    if (written == static_cast<ssize_t>(text.size())) return {};
    return fail(ErrorCode::io_failed, "the disk at " + place_ + " cannot be told to lose power");
}

}  // namespace quern::harness::chaos
