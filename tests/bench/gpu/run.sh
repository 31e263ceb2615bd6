#!/usr/bin/env bash
# The operations and the training step on a GPU: builds, tests, checks, measures.
#
#   tests/bench/gpu/run.sh --pack FILE.tar.gz         where gigahop is developed: what the other machine needs, in one file
#   tests/bench/gpu/run.sh [--out DIR] [NAME=VALUE...]  on a machine with a GPU, in the folder that the file unpacks to
#
# The machine has nvcc of CUDA 12 or later with cuBLASLt, NCCL, g++ 12 or later, CMake 3.22 or later, make, and perhaps
# PyTorch. What it need not have is brought by --pack, from where Debian's packages libfmt-dev, librandom123-dev, libxxhash-dev and
# googletest put it: headers of fmt, Random123 and xxHash, sources of GoogleTest. MPI, METIS, Protobuf and oneDNN are not
# needed. Settings go to gpu_bench and torch_step.py. A report and the logs are left in DIR (gpu-report).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repository=$(cd "$here/../../.." && pwd)

pack() {
  local folder
  folder=$(mktemp -d)
  git -C "$repository" archive --prefix=gigahop/ HEAD | tar -x -C "$folder"
  git -C "$repository" rev-parse --short HEAD >"$folder/gigahop/commit"
  local brought=$folder/gigahop/tests/bench/gpu/brought
  mkdir -p "$brought/include"
  cp -r /usr/include/fmt /usr/include/Random123 /usr/include/xxhash.h "$brought/include"
  cp -r /usr/src/googletest "$brought/googletest"
  tar -c -z -f "$1" -C "$folder" gigahop
  rm -r "$folder"
}

# sanitize TOOL TESTS: one tool of compute-sanitizer over the tests of operations; they run slowly under it.
sanitize() {
  echo "compute-sanitizer --tool $1, $2:"
  compute-sanitizer --tool "$1" --error-exitcode 1 "$build/ops_cuda_test" --gtest_filter="$2" --gtest_brief=1 \
    >"$out/$1.log" 2>&1 && echo "clean" || echo "not clean, see $1.log"
}

measure() {
  echo "# gigahop $(cat "$repository/commit" 2>/dev/null || git -C "$repository" rev-parse --short HEAD), $(date -u +%F)"
  nvidia-smi --query-gpu=name,driver_version,clocks.max.sm,power.limit --format=csv,noheader
  nvcc --version | grep release
  "$build/ops_cuda_test" --gtest_brief=1
  if command -v compute-sanitizer >/dev/null; then
    sanitize memcheck '*-*central_differences'
    sanitize racecheck 'LocalEncoder.agrees*:CrossEntropy.agrees*:Rows.*:LayerNorm.agrees*'
    sanitize synccheck 'LocalEncoder.agrees*:CrossEntropy.agrees*:Rows.*:LayerNorm.agrees*'
    sanitize initcheck 'LocalEncoder.agrees*:CrossEntropy.agrees*'
  else
    echo "compute-sanitizer is not here: not run"
  fi
  "$build/gpu_bench" "$@"
  if python3 -c 'import numpy, safetensors, torch' 2>/dev/null; then
    python3 "$here/torch_step.py" "$@" || echo "PyTorch: failed"
  else
    echo "PyTorch with numpy and safetensors is not here: not measured"
  fi
}

if [[ ${1:-} == --pack ]]; then
  pack "$2"
  exit
fi
out=gpu-report
if [[ ${1:-} == --out ]]; then
  out=$2
  shift 2
fi
mkdir -p "$out"
build=$out/build
cmake -S "$here" -B "$build" -DCMAKE_CUDA_ARCHITECTURES="${CUDA_ARCHITECTURES:-native}" >"$out/build.log"
cmake --build "$build" -j "$(nproc)" --target ops_cuda_test gpu_bench >>"$out/build.log" 2>&1 || { tail -40 "$out/build.log"; exit 1; }
measure "$@" 2>&1 | tee "$out/report.md"
