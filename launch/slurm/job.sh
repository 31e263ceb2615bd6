# Sourced by the sbatch scripts that submit.sh writes, which set logs, workspace, ranks_per_node, GIGAHOP and container:
# what happens inside a job. The ranks write a checkpoint when the time is nearly up (--signal=B:USR1@120 reaches this
# shell, which tells them) or when the job is cancelled or preempted (SLURM tells them itself), and end with 75.
# shellcheck shell=bash
: "${logs:?}" "${workspace:?}" "${ranks_per_node:?}"
# shellcheck source=launch/environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/../environment.sh"

task=${SLURM_ARRAY_TASK_ID:-}
run="$workspace/run${task:+-$task}"
try_again=75

# srun where it speaks PMIx, which Open MPI does from version 4 on; mpirun otherwise. GIGAHOP_LAUNCHER overrules.
choose_launcher() {
  if [[ -n ${GIGAHOP_LAUNCHER:-} ]]; then
    echo "$GIGAHOP_LAUNCHER"
  elif srun --mpi=list 2>&1 | grep -qw pmix; then
    echo srun
  else
    echo mpirun
  fi
}

# start_ranks ARGUMENTS...: becomes the launcher of gigahop.
start_ranks() {
  export GIGAHOP_RANK_LOGS=$rank_logs
  local cpus=$(( SLURM_CPUS_ON_NODE / ranks_per_node ))
  local rank=("$repository/launch/slurm/rank.sh" "${container[@]}" "$gigahop" "$@")
  case $launcher in
    srun) exec srun --mpi=pmix --kill-on-bad-exit=1 --cpus-per-task=$(( cpus > 0 ? cpus : 1 )) --cpu-bind=cores "${rank[@]}" ;;
    mpirun)
      options_for_hosts "$ranks_per_node"
      exec mpirun "${mpirun_options[@]}" "${rank[@]}" ;;
    *) refuse "GIGAHOP_LAUNCHER: expected srun or mpirun, found \"$launcher\"" ;;
  esac
}

tell_ranks_to_stop() {
  echo "slurm: the time is nearly up: the ranks are told to write a checkpoint and stop"
  kill -USR1 "$launcher_pid"
}

newest_checkpoint() {
  local newest='' done_file
  for done_file in "$run"/checkpoints/step-*/DONE; do
    if [[ -e $done_file ]]; then newest=${done_file%/DONE}; fi
  done
  echo "$newest"
}

# What an exit code says, and what comes of it.
explain() {
  case $1 in
    0) echo "done" ;;
    2) echo "a setting is wrong: nothing is tried again" ;;
    3) echo "a file is wrong: nothing is tried again" ;;
    4) echo "ranks lost each other: the next job of the chain, if there is one, goes on" ;;
    5) echo "a device is wrong: nothing is tried again" ;;
    70) echo "a fault of gigahop: nothing is tried again" ;;
    "$try_again") echo "stopped in time, to be gone on with" ;;
    *) echo "ranks were killed or could not start: the next job of the chain, if there is one, goes on" ;;
  esac
}

is_final() {
  [[ $1 =~ ^(0|2|3|5|70)$ ]]
}

summarise() {
  echo "slurm: $stage, job $SLURM_JOB_ID on $SLURM_JOB_NODELIST, $ranks_per_node ranks per node by $launcher, restart ${SLURM_RESTART_COUNT:-0}"
  echo "slurm: ended after $SECONDS s with exit code $1: $(explain "$1")"
  echo "slurm: newest checkpoint: $(newest_checkpoint)"
  echo "slurm: last epoch: $(grep -h '^epoch ' "$rank_logs/rank-0000.log" 2>/dev/null | tail -n 1)"
  echo "slurm: logs of the ranks: $rank_logs"
}

# A job that SLURM ends it also puts back into the queue, if it means to. One that stopped in time with no other job to
# go on does so itself, unless it came no further than the one before: then it would for ever.
requeue_or_leave() {
  local exit_code=$1
  if (( exit_code != try_again )) || [[ -n $is_told_to_end ]] || has_follower; then return; fi
  if [[ "$(newest_checkpoint)" == "$checkpoint_before" ]]; then
    echo "slurm: no checkpoint is newer than at the start: not queued again; give it more --time"
  else
    echo "slurm: queued again, to go on from the newest checkpoint"
    scontrol requeue "$SLURM_JOB_ID"
  fi
}

# Whether another job of the chain waits for this one not to finish.
has_follower() {
  squeue --me --noheader --format=%E 2>/dev/null | grep -qE "afternotok:${SLURM_ARRAY_JOB_ID:-$SLURM_JOB_ID}(_|\(|,|\?|$)"
}

# Waits for the launcher through the signals that come meanwhile.
wait_for_launcher() {
  local exit_code
  wait "$launcher_pid"; exit_code=$?
  while kill -0 "$launcher_pid" 2>/dev/null; do wait "$launcher_pid"; exit_code=$?; done
  return "$exit_code"
}

# run_stage STAGE ARGUMENTS...: gigahop with the arguments on every rank; ends the job.
run_stage() {
  stage=$1
  shift
  local exit_code outcome="$logs/$stage${task:+-$task}.exit_code"
  if [[ -s $outcome ]] && is_final "$(<"$outcome")"; then
    exit_code=$(<"$outcome")
    echo "slurm: the job before ended with exit code $exit_code: $(explain "$exit_code")"
    exit "$exit_code"
  fi
  launcher=$(choose_launcher)
  rank_logs="$logs/$stage${task:+-$task}-$SLURM_JOB_ID"
  mkdir -p "$rank_logs"
  checkpoint_before=$(newest_checkpoint)
  is_told_to_end=''
  start_ranks "$@" &
  launcher_pid=$!
  trap tell_ranks_to_stop USR1
  trap 'is_told_to_end=yes' TERM
  wait_for_launcher; exit_code=$?
  if [[ -z $is_told_to_end ]]; then echo "$exit_code" >"$outcome"; fi
  summarise "$exit_code"
  requeue_or_leave "$exit_code"
  exit "$exit_code"
}
