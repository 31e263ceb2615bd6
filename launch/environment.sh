# Sourced by the scripts of this folder and of slurm/: where the repository is, how it is built, how mpirun is called. Of an
# installed tree the "repository" is share/gigahop, and the program lies in bin beside share.
# shellcheck shell=bash disable=SC2034
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build="$repository/build/release"
gigahop=${GIGAHOP:-$build/launch/gigahop}
if [[ ! -e $repository/CMakeLists.txt ]]; then gigahop=${GIGAHOP:-$(realpath -m "$repository/../../bin/gigahop")}; fi

# Settings of the build. Tests need packages of their own.
build_settings=(-DGIGAHOP_TESTS=OFF)

# build_targets TARGET...: configures, then builds the targets.
build_targets() {
  cmake -S "$repository" --preset release "${build_settings[@]}" >"$repository/.build.log" 2>&1 || { cat "$repository/.build.log" >&2; return 1; }
  rm -f "$repository/.build.log"
  cmake --build "$build" -j "$(nproc)" --target "$@"
}

# Open MPI refuses to start as root, and more ranks than cores, unless told.
if (( EUID == 0 )); then
  export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
fi

# run_ranks R COMMAND...: R ranks on this machine, which share its cores.
run_ranks() {
  local ranks=$1
  shift
  if [[ -t 2 ]]; then export GIGAHOP_TERMINAL=1; fi
  mpirun --oversubscribe --bind-to none -n "$ranks" "$@"
}

# options_for_hosts RANKS_PER_HOST: adds to mpirun_options what ranks on several hosts need, which a scheduler or a host file
# names. mpirun does not bind them: each rank takes its share of its host's processors, a NUMA node where there are
# several. They get time to write a checkpoint when mpirun is told to end, and the variables of this shell that matter. Hosts
# that lose each other notice in a minute, where Open MPI would take eight.
mpirun_options=()
options_for_hosts() {
  local variable
  mpirun_options+=(--map-by "ppr:$1:node:OVERSUBSCRIBE" --bind-to none --mca odls_base_sigkill_timeout 3)
  export OMPI_MCA_oob_tcp_keepalive_time=${OMPI_MCA_oob_tcp_keepalive_time:-20}
  export OMPI_MCA_oob_tcp_keepalive_intvl=${OMPI_MCA_oob_tcp_keepalive_intvl:-10}
  export OMPI_MCA_oob_tcp_keepalive_probes=${OMPI_MCA_oob_tcp_keepalive_probes:-3}
  for variable in PATH LD_LIBRARY_PATH "${!OMP_@}" "${!GOMP_@}" "${!GIGAHOP_@}" "${!NCCL_@}"; do
    if [[ -n ${!variable:-} ]]; then mpirun_options+=(-x "$variable"); fi
  done
}

# need_value OPTION VALUE: ends the script where an option lacks its value.
need_value() {
  [[ -n ${2:-} ]] || refuse "$1: expected a value"
}

# refuse MESSAGE: how a script says that it was called wrongly.
refuse() {
  echo "config: $1; --help tells the options" >&2
  exit 2
}

# need_count OPTION VALUE LEAST
need_count() {
  if [[ ! $2 =~ ^[0-9]{1,6}$ ]] || (( 10#$2 < $3 )); then refuse "--$1: expected a number from $3 up, found \"$2\""; fi
}
