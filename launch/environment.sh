# Sourced by the scripts of this folder: where the repository is, how it is built, and how mpirun is called.
# shellcheck shell=bash disable=SC2034
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build="$repository/build/release"
gigahop="$build/launch/gigahop"

# Whether tests are part of the build: they need packages of their own.
tests=OFF

# build_targets TARGET...: configures, then builds the targets.
build_targets() {
  cmake -S "$repository" --preset release -DGIGAHOP_TESTS="$tests" >"$repository/.build.log" 2>&1 || { cat "$repository/.build.log" >&2; return 1; }
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
