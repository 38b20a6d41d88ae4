#!/bin/bash
#SBATCH --job-name=quern-campaign
#SBATCH --cpus-per-task=2
#SBATCH --mem=2G
#SBATCH --time=04:00:00
# One shard of a campaign: sbatch --array=0-63 docs/campaigns/slurm.sh [SEEDS]
# QUERN_SIM: the program, else it is on the PATH. QUERN_RESULTS: the folder of the parts, else one named after
# the array. QUERN_SHARDS: of how many shards these are some; else the array has to be all of them.
set -eu
shards=${QUERN_SHARDS:-${SLURM_ARRAY_TASK_COUNT:?is not set, this is a job array: sbatch --array=0-63}}
if [ "$SLURM_ARRAY_TASK_MAX" -ge "$shards" ]; then
    echo "shards are 0 to $((shards - 1)), all of them in one array, or some with QUERN_SHARDS set" >&2
    exit 2
fi
mkdir -p "${QUERN_RESULTS:=$SLURM_SUBMIT_DIR/quern-campaign-$SLURM_ARRAY_JOB_ID}"
exec "${QUERN_SIM:-quern-sim}" run --seeds "${1:-1..200000}" --shard "$SLURM_ARRAY_TASK_ID/$shards" \
    --jobs "$SLURM_CPUS_PER_TASK" --out "$QUERN_RESULTS/part-$SLURM_ARRAY_TASK_ID.jsonl"
