#!/usr/bin/env bash
# clang-tidy over the layers that the preset fuzz builds, by hand (it takes minutes): needs clang-tidy-16, as earlier ones do not
# know std::source_location, and a configured build/fuzz, whose flags are clang's.
# Arguments: files to look at; none: all of src/base, array, config, dataset and graph.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
files=("$@")
(( ${#files[@]} )) || mapfile -t files < <(git ls-files 'src/base/*.cc' 'src/array/*.cc' 'src/config/*.cc' 'src/dataset/*.cc' 'src/graph/*.cc')
printf '%s\n' "${files[@]}" | xargs -P "$(nproc)" -n 4 clang-tidy-16 -p build/fuzz --quiet
