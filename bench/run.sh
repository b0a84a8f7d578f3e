#!/usr/bin/env bash
# bench/run.sh BUILD [NAME] [ARGUMENT...] - builds the benchmarks' programs in that folder and runs one benchmark, or all.
# The arguments are those of bench.py: --gate, --json FILE, --rounds N, --seconds N, --only TEXT, --quick.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=$(cd "${1:?which build folder?}" && pwd)
shift
ninja -C "$build" --quiet bench-programs
exec python3 "$here/bench.py" "$build" "$@"
