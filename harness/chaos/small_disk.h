// A small file system for one node, which a ballast file fills to the last block: ext4 in a file behind a
// loop device, or tmpfs where that cannot be had. Needs own_mounts().
#pragma once

#include <memory>
#include <string>

#include "harness/chaos/disks.h"

namespace quern::harness::chaos {

// Room for a node well above the mark below which it refuses to store more.
constexpr uint64_t small_disk_bytes = 1024ull << 20;

enum class SmallDiskKind : uint8_t { loop, tmpfs };

class SmallDisk final : public Disk {
public:
    // Mounts at the folder `place`, which exists; the file behind it, if there is one, is `place`.img.
    static Result<std::unique_ptr<Disk>> make(const std::string& place, SmallDiskKind kind,
                                              uint64_t size_bytes = small_disk_bytes);
    ~SmallDisk() override;

    Result<void> fill() override;
    Result<void> free() override;

private:
    explicit SmallDisk(std::string place) : place_(std::move(place)) {}
    std::string ballast() const { return place_ + "/ballast"; }

    std::string place_;
};

}  // namespace quern::harness::chaos
