#!/usr/bin/env bash
# The main job on real input: installs what is missing, builds, and trains on this machine's own package graph with two
# ranks, six epochs less than the configuration has, so that everything ends within ten minutes. Its last stage lists the
# twenty packages that the model would most confidently file in another section. Arguments go to `gigahop run`:
# ./launch/quickstart.sh --set train.epochs=30
set -euo pipefail
# shellcheck source=launch/environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

"$repository/launch/install_dependencies.sh"
build_targets gigahop

cd "$repository"
run_ranks 2 "$gigahop" run --config configs/debian_packages.textproto --set train.epochs=24 --set predict.misfiled=20 "$@"
