#!/usr/bin/env bash
# All tests: installs what is missing, builds, runs. Arguments go to ctest: ./launch/test.sh -R sampler
set -euo pipefail
# shellcheck source=launch/environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

"$repository/launch/install_dependencies.sh" --tests
# One architecture shows whether nvcc takes the kernels; without a GPU none of them runs.
build_settings=(-DGIGAHOP_TESTS=ON -DCMAKE_CUDA_ARCHITECTURES=90)
build_targets all
ctest --test-dir "$build" --output-on-failure -j "$(nproc)" "$@"
