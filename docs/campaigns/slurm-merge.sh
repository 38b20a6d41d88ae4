#!/bin/bash
#SBATCH --job-name=quern-campaign-merge
#SBATCH --cpus-per-task=1
#SBATCH --mem=4G
set -eu
exec "${QUERN_SIM:-quern-sim}" merge "${QUERN_RESULTS:-$SLURM_SUBMIT_DIR/quern-campaign}"/part-*.jsonl
