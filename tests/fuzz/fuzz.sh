#!/usr/bin/env bash
# Fuzzes one reader: fuzz.sh TARGET SECONDS. Needs the preset fuzz built. Goes on from the corpus of earlier runs, which lies
# beside the program; an input that ends the process is left there too. A reader may not allocate more than 256 MiB at once, hold
# more than 1 GiB, or take more than 20 s.
set -euo pipefail
target=$1
seconds=$2
sources=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder="$sources/../../build/fuzz/tests/fuzz"
corpus="$folder/corpus/$target"
mkdir -p "$corpus"
export ASAN_OPTIONS=quarantine_size_mb=16:detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1 OMP_NUM_THREADS=1
exec "$folder/${target}_fuzz" -max_total_time="$seconds" -timeout=20 -malloc_limit_mb=256 -rss_limit_mb=1024 \
  -print_final_stats=1 -artifact_prefix="$folder/found-$target-" "$corpus" "$sources/seeds/$target"
