#!/usr/bin/env bash
# bench/run.sh BUILD [NAME] [ARGUMENT...] - runs one benchmark, or all, on the build in that folder.
# A benchmark is bench/NAME.py; its first line of text says what it measures. Each prints a table, and JSON with --json.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=$(cd "${1:?which build folder?}" && pwd)
name=${2:-}
shift $(($# < 2 ? $# : 2))

names() { find "$here" -maxdepth 1 -name '*.py' -printf '%f\n' | sed 's/\.py$//' | sort; }

if [ -n "$name" ] && [ ! -f "$here/$name.py" ]; then
    printf 'bench: there is no benchmark %s; there are: %s\n' "$name" "$(names | tr '\n' ' ')" >&2
    exit 2
fi
for one in ${name:-$(names)}; do
    printf '\n== %s\n' "$one"
    python3 "$here/$one.py" "$build" "$@"
done
