#!/usr/bin/env bash
# One rank: gigahop with the arguments, what it prints also in a log of its own. Started by the launcher as one of many.
# The copying processes outlive the signals that end jobs, so that the last words arrive.
rank=${OMPI_COMM_WORLD_RANK:-${SLURM_PROCID:-0}}
log="$GIGAHOP_RANK_LOGS/rank-$(printf %04d "$rank").log"
exec "$@" > >(trap '' TERM INT USR1; exec tee -a "$log") 2> >(trap '' TERM INT USR1; exec tee -a "$log" >&2)
