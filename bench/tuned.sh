#!/bin/bash
# A quern-sim that the compiler and the linker tuned by what runs of it do:
#
#     bench/tuned.sh [TARGET...]
#
# Builds TARGETs (quern-sim and quern-sim-planted if none is named) with counters in build/tuned, lets quern-sim run
# seeds, builds it by the counts and counts once more, now what each place of a call does after inlining, builds by
# both counts, over all files at once, and has BOLT lay out quern-sim's machine code by the counts of a last
# training. Takes three builds; worth it before a campaign of many thousand seeds. The runs themselves are the same:
# the trace hash does not change. Needs the Debian packages clang-19 lld-19 llvm-19 bolt-19 libclang-rt-19-dev.
set -eu

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$root/build/tuned
[ $# -gt 0 ] || set -- quern-sim quern-sim-planted
for tool in clang++-19 ld.lld-19 llvm-profdata-19 llvm-bolt-19; do
    command -v $tool >/dev/null && continue
    echo "tuned: $tool is missing; install clang-19 lld-19 llvm-19 bolt-19 libclang-rt-19-dev" >&2
    exit 1
done

build_for() {
    cmake -S "$root" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DQUERN_PROFILE="$1" \
        -DCMAKE_C_COMPILER=clang-19 -DCMAKE_CXX_COMPILER=clang++-19 \
        -DCMAKE_AR="$(command -v llvm-ar-19)" -DCMAKE_RANLIB="$(command -v llvm-ranlib-19)"
    ninja -C "$build" "${@:2}" >"$build/$1.log" || {
        grep -m 5 -A 5 -E 'error:|FAILED' "$build/$1.log" >&2
        exit 1
    }
}

# In processes of their own: the children that `run` forks end without a word about their counts.
train() {
    for seed in $(seq 1 "$2"); do
        "$1" replay "$seed" --quiet --shape small
        [ $((seed % 4)) -ne 0 ] || "$1" replay "$seed" --quiet
    done >"$build/training.txt"
}

rm -rf "$build/profile" "$build/counts"
build_for generate quern-sim
train "$build/bin/quern-sim" 40
llvm-profdata-19 merge -o "$build/profile.data" "$build/profile"
rm -r "$build/profile"
build_for recount quern-sim
train "$build/bin/quern-sim" 40
llvm-profdata-19 merge -o "$build/both.data" "$build/profile" "$build/profile.data"
mv "$build/both.data" "$build/profile.data"
build_for use "$@"

bolt=$(readlink -f "$(command -v llvm-bolt-19)") # finds its library beside itself
case " $* " in
    *" quern-sim "*)
        sim=$build/bin/quern-sim
        mkdir "$build/counts"
        "$bolt" "$sim" -instrument -instrumentation-file="$build/counts/of" \
            -instrumentation-file-append-pid -o "$sim.counting" >"$build/bolt.log" 2>&1
        train "$sim.counting" 16
        merge-fdata-19 "$build"/counts/of* >"$build/layout.data" 2>>"$build/bolt.log"
        "$bolt" "$sim" -data="$build/layout.data" -o "$sim.laid_out" -reorder-blocks=ext-tsp \
            -reorder-functions=cdsort -split-functions -split-all-cold -split-eh -icf=1 \
            >>"$build/bolt.log" 2>&1
        mv "$sim.laid_out" "$sim"
        rm "$sim.counting"
        ;;
esac
echo "tuned: $build/bin"
