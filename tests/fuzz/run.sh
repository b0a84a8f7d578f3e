#!/bin/sh
# Runs every fuzzer for SECONDS (60) one after the other, with the address and undefined-behaviour sanitizers, from the
# committed seeds. Findings are left in the build folder. Needs clang with libFuzzer.
#   tests/fuzz/run.sh [SECONDS [BUILD-FOLDER]]
set -eu
seconds=${1:-60}
root=$(cd "$(dirname "$0")/../.." && pwd)
build=${2:-$root/build-fuzz}

[ -f "$build/build.ninja" ] || CC=clang meson setup "$build" "$root" -Dfuzz=true
ninja -C "$build" fuzz
status=0
for fuzzer in "$build"/tests/fuzz/fuzz-*; do
    [ -f "$fuzzer" ] && [ -x "$fuzzer" ] || continue
    name=${fuzzer##*/fuzz-}
    found=$build/tests/fuzz/found/$name
    mkdir -p "$found"
    echo "fuzz $name for $seconds s"
    seeds=$root/tests/fuzz/seeds/$name
    [ -d "$seeds" ] || seeds=
    # shellcheck disable=SC2086
    if ! (cd "$found" && "$fuzzer" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -max_len=4096 \
        -print_final_stats=1 -artifact_prefix="$found/" -use_value_profile=1 "$found" $seeds >"$found.log" 2>&1); then
        echo "fuzz $name: failed, see $found.log and $found/" >&2
        tail -n 30 "$found.log" >&2
        status=1
    fi
    grep -E 'number_of_executed_units|Done ' "$found.log" || true
done
exit $status
