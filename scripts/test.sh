#!/usr/bin/env bash
# Runs the tests of a build folder and closes with one line: "N passed, N failed, N skipped".
# Usage: scripts/test.sh BUILD [meson test arguments]
set -uo pipefail
build=${1:?which build folder?}
shift

meson test -C "$build" --print-errorlogs --no-rebuild "$@"
log=$(ls -t "$build"/meson-logs/testlog*.json 2>/dev/null | head -n 1)
if [ -z "$log" ]; then
    echo '0 passed, 1 failed'
    exit 1
fi
count() { grep -c "\"result\": \"\($1\)\"" "$log"; }
passed=$(count 'OK\|EXPECTEDFAIL')
skipped=$(count 'SKIP')
failed=$(count 'FAIL\|TIMEOUT\|ERROR\|INTERRUPT\|UNEXPECTEDPASS')
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
