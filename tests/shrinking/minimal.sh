#!/bin/bash
# A shrunk plan is 1-minimal as a whole: without any one of its faults, operations, knobs, nodes or clients the
# invariant is no longer violated.
#
#     tests/shrinking/minimal.sh QUERN_SIM_PLANTED BUG...
#
# Each bug is planted in runs of seeds 1, 2, … until one fails, and that one is shrunk.
set -u

program=$1
shift
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
plan=$folder/small.plan
failures=0

# The invariant that the plan violates is the target, named in the plan's first line.
still_fails() {
    local said status
    said=$("$program" replay --quiet --plan "$1" --bug "$bug" 2>&1)
    status=$?
    # 2: it is no plan. What cannot be run has not been tried.
    [ $status -ne 2 ] || {
        echo "$bug: no plan: $said"
        failures=$((failures + 1))
    }
    grep -q "VIOLATION $target " <<<"$said"
}

knob() {
    local value
    value=$(sed -n "s/^$1 //p" "$plan")
    echo "${value:-$2}"
}

# A smaller plan, and what was left out of it.
try() {
    tried=$((tried + 1))
    still_fails "$folder/smaller.plan" || return
    echo "$bug: $target is violated without $1, too"
    failures=$((failures + 1))
}

# Knobs of which there is less than the usual: one_less, and the time.
apart="seed|storage_nodes|balancers|data_groups|replication|clients|worker_clients|queues|plain_queues|chaos_ms|stop_ms|scripted"

without_each_line() {
    local number line
    while IFS=: read -r number line; do
        sed "${number}d" "$plan" > "$folder/smaller.plan"
        try "the line: $line"
    done < <(grep -nEv "^(#|($apart) )" "$plan")
}

# One less of KNOB, which has that default and that least value.
one_less() {
    local value
    value=$(knob "$1" "$2")
    [ "$value" -gt "$3" ] || return
    { grep -v "^$1 " "$plan"; echo "$1 $((value - 1))"; } > "$folder/smaller.plan"
    if [ "$1" = storage_nodes ] && [ "$(knob replication 3)" -ge "$value" ]; then
        sed -i '/^replication /d' "$folder/smaller.plan"
        echo "replication $((value - 1))" >> "$folder/smaller.plan"
    fi
    try "one of $value $1"
}

# Queues without attributes of their own are the plainest.
without_attributes() {
    [ "$(knob plain_queues 0)" = 0 ] || return
    { cat "$plan"; echo "plain_queues 1"; } > "$folder/smaller.plan"
    try "attributes of queues"
}

for bug in "$@"; do
    for seed in {1..60}; do
        "$program" run --seeds "$seed..$seed" --jobs 1 --no-canary --bug "$bug" > "$folder/said" 2>&1 || break
    done
    "$program" shrink "$seed" --bug "$bug" --seconds 20 --jobs 1 -o "$plan" 2> "$folder/said"
    if ! grep -q "none of which can be left out" "$folder/said"; then
        echo "$bug: seed $seed was not shrunk to the end: $(tail -1 "$folder/said")"
        exit 1
    fi
    target=$(sed -n '1s/^# \([^:]*\):.*/\1/p' "$plan")
    tried=0
    cp "$plan" "$folder/smaller.plan"
    still_fails "$folder/smaller.plan" || { echo "$bug: the small plan does not violate $target"; exit 1; }
    without_each_line
    one_less storage_nodes 3 1
    one_less balancers 2 0
    one_less data_groups 2 1
    one_less replication 3 1
    one_less clients 8 1
    one_less worker_clients 1 0
    one_less queues 3 1
    without_attributes
    echo "$bug, seed $seed: $target; tried without each of its $tried elements"
done
[ "$failures" = 0 ]
