#!/bin/bash
# The Slurm scripts of docs/campaigns, run as Slurm runs them: copied elsewhere, with little in the environment.
# What they add up to has to be the trace hash of a single run.
#
#     tests/campaign/slurm.sh QUERN_SIM
set -u

sim=$(realpath "${1:?the quern-sim to run}")
scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../docs/campaigns" && pwd)
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
array=4711
results=$work/submitted/quern-campaign-$array
mkdir "$work/spool" "$work/submitted"

fail() {
    cat "$work/said"
    echo "FAILED: $*"
    exit 1
}

# job STATUS SCRIPT VARIABLES... -- ARGUMENTS...: must end with this status; what it said stands in $work/said.
job() {
    local status=$1 script=$2 variables=()
    shift 2
    while [ "$1" != -- ]; do
        variables+=("$1")
        shift
    done
    shift
    cp "$scripts/$script" "$work/spool/slurm_script"
    (cd "$work/submitted" &&
        env -i PATH="$(dirname "$sim"):/usr/bin:/bin" SLURM_SUBMIT_DIR="$PWD" SLURM_CPUS_PER_TASK=1 \
            "${variables[@]}" "$work/spool/slurm_script" "$@") >"$work/said" 2>&1
    local ended=$?
    [ $ended = "$status" ] || fail "$script ended with $ended instead of $status"
}

# shard STATUS INDEX MIN MAX COUNT VARIABLES... -- ARGUMENTS...
shard() {
    local status=$1 index=$2 min=$3 max=$4 count=$5
    shift 5
    job "$status" slurm.sh SLURM_ARRAY_JOB_ID=$array SLURM_ARRAY_TASK_ID="$index" \
        SLURM_ARRAY_TASK_MIN="$min" SLURM_ARRAY_TASK_MAX="$max" SLURM_ARRAY_TASK_COUNT="$count" "$@"
}

says() { grep -qF -- "$1" "$work/said" || fail "it does not say: $1"; }

alone=$("$sim" run --seeds 1..12 --no-canary | grep '^trace hash')
for index in 0 1 2; do
    shard 0 $index 0 2 3 -- 1..12
    says 'canary: the planted bug'
done
job 0 slurm-merge.sh -- $array
says "${alone:?a single run gives no trace hash}"

rm "$results/part-1.jsonl"
job 1 slurm-merge.sh -- $array
says 'VOID: 1 of 3 shards are missing: 1'
# The missing one again, in an array of its own.
shard 0 1 1 1 1 QUERN_SHARDS=3 QUERN_RESULTS="$results" -- 1..12
job 0 slurm-merge.sh QUERN_RESULTS="$results" --
says "$alone"

for numbers in '1 1 3 3' '0 0 6 3' '5 5 5 1'; do # sbatch --array= 1-3, 0-6:3, 5
    shard 2 $numbers -- 1..12
    says 'shards are 0 to'
done
job 1 slurm.sh -- 1..12
says 'this is a job array'
job 1 slurm-merge.sh --
says 'the number of the array job'
echo "the array is worth a single run: $alone"
