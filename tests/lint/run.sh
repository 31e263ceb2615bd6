#!/usr/bin/env bash
# Lint: formatting, the direction of includes, where libraries may be seen, words that do not belong in the tree,
# what shell scripts leave unquoted or unchecked.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

git ls-files '*.h' '*.cc' '*.cu' '*.cuh' | xargs clang-format --dry-run -Werror
/usr/bin/python3 tests/lint/layers.py
/usr/bin/python3 tests/lint/words.py
mapfile -t scripts < <(git ls-files '*.sh' .ci/run)
for script in "${scripts[@]}"; do bash -n "$script"; done
shellcheck --external-sources --severity=info "${scripts[@]}"
echo "lint: clean"
