#include "harness/chaos/own_mounts.h"

#include <sched.h>
#include <sys/mount.h>

namespace quern::harness::chaos {

Result<void> own_mounts() {
    if (::unshare(CLONE_NEWNS) != 0 ||
        ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
        return fail(ErrorCode::permission_denied, "no mount namespace can be made (root is needed)");
    }
    return {};
}

}  // namespace quern::harness::chaos
