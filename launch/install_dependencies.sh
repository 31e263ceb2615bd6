#!/usr/bin/env bash
# Installs what gigahop needs on Debian 12 or Ubuntu, and nothing when all of it is there. Keep in step with cmake/Dependencies.cmake.
set -euo pipefail

packages=(
  # to build
  cmake g++ ninja-build pkg-config protobuf-compiler ccache
  # libraries
  libcli11-dev libdnnl-dev libfmt-dev libhwloc-dev libmatio-dev libmetis-dev libopenmpi-dev libprotobuf-dev librandom123-dev
  libspdlog-dev libxxhash-dev libzip-dev nlohmann-json3-dev ocl-icd-opencl-dev zlib1g-dev
  # to run
  openmpi-bin xz-utils lz4 zstd
)
# For tests and lint as well: `install_dependencies.sh --tests`.
test_packages=(libboost-context-dev libgtest-dev python3 python3-numpy clang-format git shellcheck)
# The tests that start a SLURM, and those that make hosts of network namespaces, run as root or not at all.
if (( EUID == 0 )); then test_packages+=(slurm-wlm munge iproute2); fi

[[ "${1:-}" == "--tests" ]] && packages+=("${test_packages[@]}")

missing=()
for package in "${packages[@]}"; do
  status=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)
  [[ "$status" == "installed" ]] || missing+=("$package")
done
(( ${#missing[@]} )) || exit 0

as_root=()
(( EUID == 0 )) || as_root=(sudo)
echo "installing: ${missing[*]}" >&2
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
