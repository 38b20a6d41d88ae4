#!/bin/bash
#SBATCH --job-name=quern-campaign
#SBATCH --cpus-per-task=2
#SBATCH --mem=2G
#SBATCH --time=04:00:00
# One shard of a campaign: sbatch --array=0-63 docs/campaigns/slurm.sh [SEEDS]
set -eu
mkdir -p "${QUERN_RESULTS:=$SLURM_SUBMIT_DIR/quern-campaign}"
shards=$((SLURM_ARRAY_TASK_MAX + 1))
exec "${QUERN_SIM:-quern-sim}" run --seeds "${1:-1..200000}" --shard "$SLURM_ARRAY_TASK_ID/$shards" \
    --jobs "$SLURM_CPUS_PER_TASK" --out "$QUERN_RESULTS/part-$SLURM_ARRAY_TASK_ID.jsonl"
