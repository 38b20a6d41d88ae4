#!/bin/bash
# A quern-sim that the compiler tuned by what runs of it do (profile-guided, optimised over all files):
#
#     bench/tuned.sh [TARGET...]
#
# Builds TARGETs (quern-sim if none is named) with counters in build/tuned, lets quern-sim run seeds, and builds
# them again by the counts. Takes two builds; worth it before a campaign of many thousand seeds. The runs
# themselves are the same: the trace hash does not change.
set -eu

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$root/build/tuned
[ $# -gt 0 ] || set -- quern-sim

build_for() {
    cmake -S "$root" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DQUERN_PROFILE="$1"
    ninja -C "$build" "${@:2}"
}

rm -rf "$build/profile"
build_for generate quern-sim "$@"
# In processes of their own: the children that `run` forks end without a word about their counts.
for seed in $(seq 1 40); do
    "$build/bin/quern-sim" replay "$seed" --quiet --shape small
    [ $((seed % 4)) -ne 0 ] || "$build/bin/quern-sim" replay "$seed" --quiet
done >"$build/training.txt"
build_for use "$@"
echo "tuned: $build/bin"
