#!/bin/bash
# The same seeds must give the same trace hash however the simulator was built and started.
#
#     tests/determinism/compare.sh [--in-ci] [--seeds A..B] QUERN_SIM [PRESET...]
#
# Runs QUERN_SIM as it is, without address space randomisation and with other bytes in fresh memory,
# then builds quern-sim in build/PRESET (CMakePresets.json) and runs that; `other` stands for
# clang-debug, or debug where there is no clang. A difference is told with its first seed. --in-ci: only
# with CI set in the environment, else it exits with 77, which ctest takes for skipped.
set -u

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
skipped=77
if [ "${1:-}" = --in-ci ]; then
    shift
    [ -n "${CI:-}" ] || {
        echo 'skipped: it builds the simulator again with other compilers and options; set CI=1 to have it'
        exit $skipped
    }
fi
seeds=1..10
[ "${1:-}" = --seeds ] && seeds=$2 && shift 2
reference=${1:?the quern-sim to compare with}
shift
failures=0

# Of the program after the seeds, with its words before it (env, setarch).
hash_of() {
    local seeds=$1
    shift
    "$@" run --seeds "$seeds" --jobs 1 --no-canary --json | sed -n 's/.*"trace_hash": *"\([0-9a-f]*\)".*/\1/p'
}

first_difference() {
    local seed
    for ((seed = ${seeds%%.*}; seed <= ${seeds##*.}; ++seed)); do
        [ "$(hash_of "$seed..$seed" "$reference")" = "$(hash_of "$seed..$seed" "$@")" ] && continue
        echo "first different seed: $seed; compare '$reference replay $seed' with '$* replay $seed'"
        return
    done
    echo "each seed alone is the same: something lives on between runs of one process"
}

compare() {
    local name=$1 hash
    shift
    hash=$(hash_of "$seeds" "$@")
    printf '%-24s %s\n' "$name" "${hash:-no hash}"
    [ -n "$hash" ] && [ "$hash" = "$expected" ] && return
    failures=$((failures + 1))
    first_difference "$@"
}

expected=$(hash_of "$seeds" "$reference")
[ -n "$expected" ] || {
    echo "$reference gives no trace hash"
    exit 1
}
printf '%-24s %s (seeds %s)\n' reference "$expected" "$seeds"
if setarch -R true 2>/dev/null; then
    compare 'without ASLR' setarch -R "$reference"
else
    echo 'without ASLR: the kernel refuses setarch -R here'
fi
compare 'fresh memory is 0xa5' env MALLOC_PERTURB_=90 QUERN_SIM_FRESH_MEMORY=165 "$reference"
for preset in "$@"; do
    if [ "$preset" = other ]; then
        preset=debug
        command -v clang++ >/dev/null && preset=clang-debug
        [ $preset = debug ] && echo 'no clang here (apt-get install clang): gcc -O0 stands in for it'
    fi
    log=$root/build/$preset.log
    (cd "$root" && cmake --preset "$preset" && ninja -C "build/$preset" quern-sim) >"$log" 2>&1 || {
        grep -E 'FAILED|error:|CMake Error' "$log" | head
        echo "$preset does not build; the log is $log"
        exit 1
    }
    compare "$preset" "$root/build/$preset/bin/quern-sim"
done
[ $failures -eq 0 ] || exit 1
echo 'all the same'
