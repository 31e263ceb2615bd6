#!/usr/bin/env bash
# A job on SLURM in one command: writes sbatch scripts, shows them (--dry-run) or submits them. README.md is the guide.
set -euo pipefail
# shellcheck source=launch/environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/../environment.sh"

usage="usage: submit.sh --config FILE --nodes N [options] [-- options of sbatch]

  --config FILE          settings, as for gigahop run
  --set PATH=VALUE       one setting, over the file's; may be repeated
  --nodes N              nodes of the cluster
  --ranks-per-node M     default: one for each GPU asked for, else one for each socket of the nodes
  --gpus-per-node G      default: none
  --time T               limit of each job, as sbatch takes it; default: the cluster's
  --chain K              training in up to K jobs, each of which goes on where the one before was ended; default 1
  --pipeline             partition, encode, train and predict as jobs of their own; otherwise all in one
  --seeds LIST           training and prediction once per seed, as array jobs on the same shards (1-4, or 1,5,9);
                         implies --pipeline
  --setup FILE           shell script that each job sources first: modules to load, variables to set
  --container COMMAND    what each rank is started in, such as \"apptainer exec gigahop.sif\"
  --dry-run              print the scripts, submit nothing

What stands after -- goes to sbatch: -- --account=graphs --partition=long"

config='' nodes='' ranks_per_node='' gpus_per_node=0 time='' chain=1 pipeline=no seeds='' setup='' container='' dry_run=no
settings=() sbatch_options=()

parse_options() {
  while (( $# )); do
    case $1 in
      --pipeline) pipeline=yes ;;
      --dry-run) dry_run=yes ;;
      --help) echo "$usage"; exit 0 ;;
      --) shift; sbatch_options=("$@"); return ;;
      --config|--nodes|--ranks-per-node|--gpus-per-node|--time|--chain|--seeds|--setup|--container|--set)
        need_value "$1" "${2:-}"
        local name=${1#--}
        name=${name//-/_}
        if [[ $name == set ]]; then settings+=(--set "$2"); else printf -v "$name" %s "$2"; fi
        shift ;;
      *) refuse "$1: no such option" ;;
    esac
    shift
  done
}

check_options() {
  [[ -n $config ]] || refuse "--config: expected a file"
  [[ -r $config ]] || refuse "--config: cannot read $config"
  [[ -z $setup || -r $setup ]] || refuse "--setup: cannot read $setup"
  [[ $seeds =~ ^[0-9,-]*$ ]] || refuse "--seeds: expected numbers and ranges such as 1-4 or 1,5,9, found \"$seeds\""
  need_count nodes "$nodes" 1
  need_count gpus-per-node "$gpus_per_node" 0
  need_count chain "$chain" 1
  ranks_per_node=${ranks_per_node:-$(usual_ranks_per_node)}
  need_count ranks-per-node "$ranks_per_node" 1
  if [[ -n $seeds ]]; then pipeline=yes; fi
}

# One for each GPU, else one for each socket, which is a NUMA node or more; one where SLURM does not tell.
usual_ranks_per_node() {
  if (( gpus_per_node > 0 )); then echo "$gpus_per_node"; return; fi
  local sockets
  sockets=$(sinfo --noheader --format=%X 2>/dev/null | sort -n | head -n 1 | tr -d ' +') || true
  echo "${sockets:-1}"
}

# The folder in which everything is kept. Asking the program checks all settings before a job waits for its turn.
find_workspace() {
  local printed
  # shellcheck source=/dev/null
  if [[ -n $setup ]]; then set +eu; source "$setup"; set -eu; fi
  printed=$("${container_words[@]}" "$gigahop" run --config "$config" "${settings[@]}" --print-config) || exit $?
  realpath -m "$(sed -n 's/^workspace: "\(.*\)"$/\1/p' <<<"$printed")"
}

# write_script STAGE: the sbatch script of a stage, or of all of them (run).
write_script() {
  local stage=$1 task=''
  if [[ -n $seeds && ( $stage == train || $stage == predict ) ]]; then task=_%a; fi
  echo "#!/usr/bin/env bash"
  echo "#SBATCH --job-name=gigahop-$stage"
  echo "#SBATCH --nodes=$nodes"
  echo "#SBATCH --ntasks-per-node=$ranks_per_node"
  if (( gpus_per_node > 0 )); then
    echo "#SBATCH --gpus-per-node=$gpus_per_node"
  else
    echo "#SBATCH --exclusive"
    echo "#SBATCH --mem=0"
  fi
  if [[ -n $time ]]; then echo "#SBATCH --time=$time"; fi
  if [[ -n $task ]]; then echo "#SBATCH --array=$seeds"; fi
  echo "#SBATCH --chdir=\"$PWD\""
  echo "#SBATCH --output=\"$logs/$stage-%${task:+A}${task:-j}.log\""
  echo "#SBATCH --open-mode=append"
  echo "#SBATCH --requeue"
  echo "#SBATCH --signal=B:USR1@120"
  echo
  printf 'logs=%q\nworkspace=%q\nranks_per_node=%q\nGIGAHOP=%q\n' "$logs" "$workspace" "$ranks_per_node" "$gigahop"
  printf 'container=(%s)\n' "${container_words[*]@Q}"
  if [[ -n $setup ]]; then printf 'source %q\n' "$(realpath "$setup")"; fi
  printf 'source %q\n' "$repository/launch/slurm/job.sh"
  write_command "$stage"
}

# What the job knows alone, it expands itself.
# shellcheck disable=SC2016
write_command() {
  local options=(--config "$(realpath "$config")" "${settings[@]}")
  printf 'run_stage %q' "$1"
  if [[ -z $seeds ]]; then
    printf ' %q' run "${options[@]}"
    if [[ $1 != run && $1 != predict ]]; then printf ' %q' --until "$1"; fi
  elif [[ $1 == train ]]; then
    printf ' %q' train "$workspace/partition" "${options[@]}" --resume
    printf ' --seed "$SLURM_ARRAY_TASK_ID" --run "$workspace/run-$SLURM_ARRAY_TASK_ID"'
  elif [[ $1 == predict ]]; then
    printf ' %q' predict "$workspace/partition" "${options[@]}"
    printf ' --checkpoint "$workspace/run-$SLURM_ARRAY_TASK_ID" --output "$workspace/predictions-$SLURM_ARRAY_TASK_ID"'
  else
    printf ' %q' run "${options[@]}" --until "$1"
  fi
  echo
}

# submit STAGE DEPENDENCY: prints the job's number. A dry run shows the script instead.
submit() {
  local stage=$1 dependency=$2 script
  script=$(write_script "$stage")
  local options=("${sbatch_options[@]}")
  if [[ -n $dependency ]]; then options+=("--dependency=$dependency" --kill-on-invalid-dep=yes); fi
  if [[ $dry_run == yes ]]; then
    printf '# sbatch%s\n%s\n\n' "$(printf ' %q' "${options[@]}")" "$script" >&3
    echo "<$stage>"
    return
  fi
  mkdir -p "$logs"
  printf '%s\n' "$script" >"$logs/$stage.sbatch"
  local job
  job=$(sbatch --parsable "${options[@]}" "$logs/$stage.sbatch")
  echo "${job%%;*}"
}

# submit_chain STAGE LENGTH DEPENDENCY: each job but the first waits for the one before to end without having finished,
# and leaves the queue where that one has. Prints what a job depends on that needs one of them to succeed.
submit_chain() {
  local stage=$1 length=$2 dependency=$3 link job succeeded=''
  for (( link = 1; link <= length; ++link )); do
    job=$(submit "$stage" "$dependency")
    dependency="afternotok:$job"
    succeeded+="${succeeded:+?}afterok:$job"
    echo "$stage: job $job" >&4
  done
  echo "$succeeded"
}

parse_options "$@"
check_options
read -ra container_words <<<"$container"
workspace=$(find_workspace)
logs="$workspace/slurm/$(date +%Y%m%d-%H%M%S)-$$"
exec 3>&1 4>&1
if [[ $dry_run == yes ]]; then exec 4>/dev/null; fi
if [[ $pipeline == no ]]; then
  submit_chain run "$chain" '' >/dev/null
else
  before=''
  for stage in partition encode train predict; do
    length=1
    if [[ $stage == train ]]; then length=$chain; fi
    before=$(submit_chain "$stage" "$length" "$before")
  done
fi
echo "logs: $logs" >&4
