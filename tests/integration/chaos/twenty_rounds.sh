#!/bin/bash
# Twenty rounds of 30 s against real nodes, five each in four processes at once: a round waits more than it works.
# Every fault that the machine allows has to strike in each five; what it does not allow is said.
#
#     tests/integration/chaos/twenty_rounds.sh QUERN_CHAOS [ARGUMENTS...]
#
# Only with CI set in the environment; else status 77, which ctest takes for skipped.
set -u

program=${1:?the quern-chaos to run}
shift
if [ -z "${CI+set}" ]; then
    echo "skipped: CI is not set in the environment"
    exit 77
fi
told=$(mktemp -d) || exit 1
declare -A rounds
trap 'kill "${rounds[@]}" 2>/dev/null; rm -rf "$told"; exit 1' INT TERM
for seed in 1 6 11 21; do
    "$program" run --rounds 5 --seconds 30 --seed $seed --all-must-strike "$@" >"$told/$seed" 2>&1 &
    rounds[$seed]=$!
done
failures=0
for seed in 1 6 11 21; do
    wait "${rounds[$seed]}" || failures=$((failures + 1))
    cat "$told/$seed"
done
rm -rf "$told"
[ $failures -eq 0 ]
