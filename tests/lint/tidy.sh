#!/usr/bin/env bash
# clang-tidy over the library and the program, by hand (it takes minutes): needs a configured build/release and clang-tidy.
# Arguments: files to look at; none: all.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
files=("$@")
(( ${#files[@]} )) || mapfile -t files < <(git ls-files 'src/*.cc' 'comm/*.cc' 'partition/*.cc' 'sampler/*.cc' 'launch/*.cc')
printf '%s\n' "${files[@]}" | xargs -P "$(nproc)" -n 4 clang-tidy -p build/release --quiet
