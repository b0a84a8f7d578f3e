#!/usr/bin/env bash
# bench/run.sh BUILD [NAME] [ARGUMENT...] - builds the benchmarks' programs in that folder and runs one benchmark, or all.
# The arguments are those of bench.py: --gate, --json FILE, --rounds N, --seconds N, --only TEXT, --quick.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=$(cd "${1:?which build folder?}" && pwd)
shift
ninja -C "$build" --quiet bench-programs
# The Python that the packages are for, should another one come first on the PATH: it has matplotlib.
python=/usr/bin/python3
[ -x $python ] || python=python3
exec $python "$here/bench.py" "$build" "$@"
