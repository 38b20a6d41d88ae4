#include "system/os/entropy.h"

#include <sys/random.h>

#include <cerrno>
#include <utility>

#include "system/base/assert.h"

namespace quern::os {

uint64_t SystemEntropy::next() {
    if (used_ == pool_.size()) {
        ssize_t got = 0;
        do {
            got = ::getrandom(pool_.data(), sizeof(pool_), 0);
        } while (got < 0 && errno == EINTR);
        QUERN_ASSERT_MSG(got == ssize_t{sizeof(pool_)}, "the kernel gives no random bytes");
        used_ = 0;
    }
    return std::exchange(pool_[used_++], 0);
}

}  // namespace quern::os
