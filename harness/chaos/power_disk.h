// A disk for one node that forgets what was not synced when its power fails: a process of
// quern-chaos-disk (forgetful_files.h), mounted over FUSE. Needs own_mounts().
#pragma once

#include <memory>
#include <string>

#include "harness/chaos/disks.h"
#include "system/os/child_process.h"

namespace quern::harness::chaos {

class PowerDisk final : public Disk {
public:
    // Mounts at the folder `place`, which exists; `program` is quern-chaos-disk. not_supported says why not.
    static Result<std::unique_ptr<Disk>> make(os::OsEnv& os, const std::string& program,
                                              const std::string& place);
    ~PowerDisk() override;

    Result<void> lose_power(uint64_t draw) override;

private:
    PowerDisk(std::string place, std::unique_ptr<os::ChildProcess> process)
        : place_(std::move(place)), process_(std::move(process)) {}
    std::string control() const { return place_ + "/.power"; }

    std::string place_;
    std::unique_ptr<os::ChildProcess> process_;
};

}  // namespace quern::harness::chaos
