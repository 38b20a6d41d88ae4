// quern-sim's own malloc. A run allocates some twenty times an event and always on one thread; what
// general-purpose allocators do against fragmentation and contention costs a sixth of its time.
//
// Blocks of up to 32 KiB lie in one reserved range of addresses, in spans of 64 KiB that hold blocks
// of one size each; a freed block goes to the head of its size's list. Spans are never given back.
// Larger blocks are glibc's. Only for a program of one thread. QUERN_SIM_FRESH_MEMORY=BYTE (0 to 255) fills blocks
// with it that nobody had before, as MALLOC_PERTURB_ does glibc's: what is read before it is written shows.
// Not built under sanitizers; valgrind sees through it with --soname-synonyms=somalloc=NONE.
#include <cstddef>  // says which C library

#if defined(__has_feature)
#if __has_feature(memory_sanitizer) || __has_feature(address_sanitizer) || \
    __has_feature(thread_sanitizer)
#define QUERN_SANITIZED
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define QUERN_SANITIZED
#endif

#if defined(__GLIBC__) && !defined(QUERN_SANITIZED)

#include <sys/mman.h>

#include <array>
#include <bit>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>

extern "C" {
void* __libc_malloc(size_t size);                    // NOLINT: glibc's names
void* __libc_calloc(size_t count, size_t size);      // NOLINT
void* __libc_realloc(void* block, size_t size);      // NOLINT
void* __libc_memalign(size_t alignment, size_t size);  // NOLINT
void __libc_free(void* block);                       // NOLINT
int mallopt(int parameter, int value);
}

namespace {

// mallopt(3)
constexpr int trim_threshold = -1;
constexpr int top_pad = -2;
constexpr int mmap_threshold = -3;

constexpr size_t small_max = 32 * 1024;
constexpr size_t fine_max = 512;  // classes of every 16 bytes up to here, then four a doubling
constexpr size_t fine_classes = fine_max / 16;
constexpr size_t class_count = fine_classes + 4 * 6;
constexpr size_t span_bytes = 64 * 1024;
constexpr size_t range_bytes = size_t{16} << 30;
constexpr size_t span_count = range_bytes / span_bytes;

// `size` of 1 to small_max.
constexpr size_t class_of(size_t size) {
    if (size <= fine_max) return (size - 1) / 16;
    const size_t shift = static_cast<size_t>(std::bit_width(size - 1)) - 3;
    return fine_classes + (shift - 7) * 4 + ((size - 1) >> shift) - 4;
}

constexpr size_t class_bytes(size_t index) {
    if (index < fine_classes) return (index + 1) * 16;
    const size_t coarse = index - fine_classes;
    return (5 + coarse % 4) << (7 + coarse / 4);
}

// Every size gets the least class that holds it: so do both ends of each class.
constexpr bool classes_fit() {
    for (size_t index = 0; index < class_count; ++index) {
        const size_t least = index == 0 ? 1 : class_bytes(index - 1) + 1;
        if (class_of(least) != index || class_of(class_bytes(index)) != index) return false;
    }
    return class_bytes(class_count - 1) == small_max;
}
static_assert(classes_fit());

struct Free {
    Free* next;
};

struct Cache {
    std::array<Free*, class_count> free;
    std::array<char*, class_count> fresh;  // the rest of the youngest span
    std::array<char*, class_count> fresh_end;
};

char* range;  // null: not reserved yet, or refused
bool range_asked;
int fresh_fill = -1;  // -1: as the kernel gives it
size_t spans_used;
std::array<uint8_t, span_count> span_class;
Cache cache;

bool in_range(const void* block) {
    return static_cast<size_t>(static_cast<const char*>(block) - range) < range_bytes &&
           range != nullptr;
}

size_t block_bytes(const void* block) {
    const auto offset = static_cast<size_t>(static_cast<const char*>(block) - range);
    return class_bytes(span_class[offset / span_bytes]);
}

bool reserve() {
    if (range_asked) return range != nullptr;
    range_asked = true;
    if (const char* fill = std::getenv("QUERN_SIM_FRESH_MEMORY")) fresh_fill = std::atoi(fill) & 0xff;
    // Large blocks come and go as well; to have the kernel clear them anew each time costs more.
    mallopt(mmap_threshold, 1 << 28);
    mallopt(trim_threshold, 1 << 30);
    mallopt(top_pad, 1 << 22);
    void* got = mmap(nullptr, range_bytes, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (got == MAP_FAILED) return false;
    range = static_cast<char*>(got);
    madvise(got, range_bytes, MADV_HUGEPAGE);  // a refusal costs speed alone
    return true;
}

void* refill(size_t index, size_t size) {
    if (!reserve()) return __libc_malloc(size);
    const size_t bytes = class_bytes(index);
    if (static_cast<size_t>(cache.fresh_end[index] - cache.fresh[index]) < bytes) {
        if (spans_used == span_count) return __libc_malloc(size);
        const size_t span = spans_used++;
        span_class[span] = static_cast<uint8_t>(index);
        cache.fresh[index] = range + span * span_bytes;
        cache.fresh_end[index] = cache.fresh[index] + span_bytes;
    }
    char* block = cache.fresh[index];
    cache.fresh[index] += bytes;
    if (fresh_fill >= 0) std::memset(block, fresh_fill, bytes);
    return block;
}

[[gnu::always_inline]] inline void* allocate(size_t size) {
    if (size - 1 >= small_max) {  // 0 wraps
        if (size != 0) return __libc_malloc(size);
        size = 1;
    }
    const size_t index = class_of(size);
    Free* block = cache.free[index];
    if (block == nullptr) return refill(index, size);
    Free* next = block->next;
    cache.free[index] = next;
    // It may have been free for long; whoever asks for it next would wait for memory here.
    __builtin_prefetch(next, 1);
    return block;
}

}  // namespace

extern "C" {

void* malloc(size_t size) { return allocate(size); }

void free(void* block) {
    if (!in_range(block)) return __libc_free(block);
    const auto offset = static_cast<size_t>(static_cast<const char*>(block) - range);
    const size_t index = span_class[offset / span_bytes];
    auto* freed = static_cast<Free*>(block);
    freed->next = cache.free[index];
    cache.free[index] = freed;
}

void* calloc(size_t count, size_t size) {
    size_t bytes = 0;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > small_max) {
        return __libc_calloc(count, size);
    }
    void* block = malloc(bytes);
    if (block != nullptr) std::memset(block, 0, bytes);
    return block;
}

void* realloc(void* block, size_t size) {
    if (block == nullptr) return malloc(size);
    if (!in_range(block)) return __libc_realloc(block, size);
    if (size == 0) {
        free(block);
        return nullptr;
    }
    const size_t old = block_bytes(block);
    if (size <= old && size > old / 2) return block;
    void* moved = malloc(size);
    if (moved == nullptr) return nullptr;
    std::memcpy(moved, block, size < old ? size : old);
    free(block);
    return moved;
}

void* memalign(size_t alignment, size_t size) { return __libc_memalign(alignment, size); }
void* aligned_alloc(size_t alignment, size_t size) { return __libc_memalign(alignment, size); }
int posix_memalign(void** block, size_t alignment, size_t size) {
    if (alignment % sizeof(void*) != 0 || !std::has_single_bit(alignment)) return EINVAL;
    *block = __libc_memalign(alignment, size);
    return *block == nullptr ? ENOMEM : 0;
}
size_t malloc_usable_size(void* block) {
    // glibc's own cannot be asked from here; nobody in this program asks.
    return block != nullptr && in_range(block) ? block_bytes(block) : 0;
}

}  // extern "C"

// Without the way through libstdc++.
void* operator new(size_t size) {
    void* block = allocate(size);
    if (block == nullptr) abort();
    return block;
}
void operator delete(void* block) noexcept { free(block); }
void operator delete(void* block, size_t) noexcept { free(block); }

#endif
