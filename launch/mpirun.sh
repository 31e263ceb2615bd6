#!/usr/bin/env bash
# Ranks on several hosts of a cluster without a scheduler: the host file, the processors, the network interface and the
# environment that mpirun needs to be told of. The repository and the data lie in the same place on all hosts.
set -euo pipefail
# shellcheck source=launch/environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

usage="usage: mpirun.sh --hosts FILE [options] COMMAND OF GIGAHOP

  --hosts FILE           one host a line, as mpirun --hostfile takes it; reached by ssh without a password
  --ranks-per-host M     default: 1, which takes all processors of its host
  --interface WHICH      network between the hosts: a name (eth1) or, where names differ, an address (10.1.0.0/16);
                         default: all that Open MPI finds, also those that lead nowhere
  --dry-run              print the call of mpirun

  launch/mpirun.sh --hosts hosts.txt --interface 10.1.0.0/16 train data/mine/partition --run runs/mine"

hosts='' ranks_per_host=1 interface='' dry_run=no
while (( $# )); do
  case $1 in
    --hosts) need_value "$1" "${2:-}"; hosts=$2; shift ;;
    --ranks-per-host) need_value "$1" "${2:-}"; ranks_per_host=$2; shift ;;
    --interface) need_value "$1" "${2:-}"; interface=$2; shift ;;
    --dry-run) dry_run=yes ;;
    --help) echo "$usage"; exit 0 ;;
    -*) refuse "$1: no such option" ;;
    *) break ;;
  esac
  shift
done
[[ -r $hosts ]] || refuse "--hosts: cannot read \"$hosts\""
need_count ranks-per-host "$ranks_per_host" 1
(( $# )) || refuse "expected a command of gigahop"

mpirun_options=(--hostfile "$hosts")
if [[ -n $interface ]]; then
  mpirun_options+=(--mca btl_tcp_if_include "$interface" --mca oob_tcp_if_include "$interface")
fi
options_for_hosts "$ranks_per_host"
call=(mpirun "${mpirun_options[@]}" "$gigahop" "$@")
if [[ $dry_run == yes ]]; then
  printf '%q ' "${call[@]}"
  echo
else
  exec "${call[@]}"
fi
