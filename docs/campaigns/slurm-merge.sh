#!/bin/bash
#SBATCH --job-name=quern-campaign-merge
#SBATCH --cpus-per-task=1
#SBATCH --mem=4G
# The parts of an array job put together: sbatch --dependency=afterany:ARRAY docs/campaigns/slurm-merge.sh ARRAY
set -eu
: "${QUERN_RESULTS:=$SLURM_SUBMIT_DIR/quern-campaign-${1:?the number of the array job}}"
exec "${QUERN_SIM:-quern-sim}" merge "$QUERN_RESULTS"/part-*.jsonl
