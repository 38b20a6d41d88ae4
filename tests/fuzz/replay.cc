// Runs a fuzz target without a fuzzer: every file of a corpus, then deterministic mutations of them.
//
//     replay_NAME FOLDER|FILE [MUTATIONS]
//
// A failing input is written to the working directory; run it again by naming it instead of the folder.
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "system/base/prng.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

using Bytes = std::vector<uint8_t>;

constexpr size_t input_bytes_max = 16 * 1024;
constexpr const char* failed_input = "failed_input.bin";

Bytes current;

void keep_input(int signal) {
    if (std::FILE* file = std::fopen(failed_input, "wb")) {
        std::fwrite(current.data(), 1, current.size(), file);
        std::fclose(file);
    }
    std::fprintf(stderr, "failed; the input is in %s (%zu bytes)\n", failed_input, current.size());
    std::signal(signal, SIG_DFL);
    std::raise(signal);
}

void run(Bytes input) {
    current = std::move(input);
    // A block of its own size, so that a sanitizer sees a read past the end.
    const Bytes exact(current);
    LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

Bytes read(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in) {
        std::fprintf(stderr, "cannot read %s\n", path.c_str());
        std::exit(2);
    }
    return Bytes(std::istreambuf_iterator<char>(in), {});
}

void insert(Bytes& bytes, size_t at, const Bytes& more, size_t from, size_t count) {
    const Bytes part(more.begin() + static_cast<ptrdiff_t>(from),
                     more.begin() + static_cast<ptrdiff_t>(from + count));
    bytes.insert(bytes.begin() + static_cast<ptrdiff_t>(at), part.begin(), part.end());
}

void mutate(Bytes& bytes, const Bytes& other, quern::Prng& prng) {
    constexpr uint8_t edges[] = {0, 1, 0x7f, 0x80, 0xff, '"', '\n', '=', '-', '9'};
    const size_t at = prng.below(bytes.size() + 1);
    const size_t count = prng.below(std::min<size_t>(bytes.size() - at, 32) + 1);
    const auto place = bytes.begin() + static_cast<ptrdiff_t>(at);
    switch (prng.below(7)) {
        case 0:
            if (at < bytes.size()) *place ^= static_cast<uint8_t>(1u << prng.below(8));
            break;
        case 1:
            if (at < bytes.size()) *place = edges[prng.below(std::size(edges))];
            break;
        case 2:
            if (at < bytes.size()) *place = static_cast<uint8_t>(prng.next());
            break;
        case 3: bytes.erase(place, place + static_cast<ptrdiff_t>(count)); break;
        case 4: insert(bytes, prng.below(bytes.size() + 1), Bytes(bytes), at, count); break;
        case 5: bytes.resize(at); break;
        default: {
            const size_t from = prng.below(other.size() + 1);
            insert(bytes, at, other, from, prng.below(other.size() - from + 1));
        }
    }
    bytes.resize(std::min(bytes.size(), input_bytes_max));
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) return 2;
    for (const int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE}) std::signal(signal, keep_input);
    std::vector<std::filesystem::path> files;
    if (std::filesystem::is_directory(argv[1])) {
        for (const auto& entry : std::filesystem::directory_iterator(argv[1]))
            files.push_back(entry.path());
        std::sort(files.begin(), files.end());
    } else {
        files.emplace_back(argv[1]);
    }
    std::vector<Bytes> corpus;
    for (const auto& file : files) corpus.push_back(read(file));
    if (corpus.empty()) {
        std::fprintf(stderr, "no input in %s\n", argv[1]);
        return 2;
    }
    for (const Bytes& input : corpus) run(input);
    const unsigned long mutations = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 0;
    quern::Prng prng(1);
    for (unsigned long i = 0; i < mutations; ++i) {
        Bytes input = corpus[prng.below(corpus.size())];
        for (uint64_t steps = 1 + prng.below(4); steps > 0; --steps)
            mutate(input, corpus[prng.below(corpus.size())], prng);
        run(std::move(input));
    }
    std::printf("%zu inputs, %lu mutations\n", corpus.size(), mutations);
}
