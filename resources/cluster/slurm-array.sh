#!/usr/bin/env bash
# One shard per task of an array; resources/docs/larger.md explains it. IMAGES and SHARDS are folders that all nodes see.
#   r2o segment "$IMAGES" --plan "$SHARDS/all.recipe" --shards 8
#   IMAGES=/data/birds SHARDS=/data/shards sbatch --array=0-7 resources/cluster/slurm-array.sh
#   squeue --me
#   r2o segmentations merge "$SHARDS"/shard-*.sqlite                # names the shards that are missing: 3,5-6
#   IMAGES=/data/birds SHARDS=/data/shards sbatch --array=3,5-6 resources/cluster/slurm-array.sh
#SBATCH --job-name=r2o-shards
#SBATCH --cpus-per-task=4
#SBATCH --mem=8G
#SBATCH --time=12:00:00
#SBATCH --requeue
#SBATCH --open-mode=append
set -euo pipefail

: "${IMAGES:?is the folder of the images}" "${SHARDS:?is the folder of the recipe and the shards}"
# Its number is taken from SLURM_ARRAY_TASK_ID. After a preemption, the same command continues.
exec ${R2O:-r2o} segment "$IMAGES" --recipe "$SHARDS/all.recipe" --out "$SHARDS/shard-${SLURM_ARRAY_TASK_ID:?}.sqlite"
