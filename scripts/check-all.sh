#!/usr/bin/env bash
# What takes longer than `make test`: both compilers, both sanitizer builds of the whole suite, clang-tidy, layout, fuzzing.
set -euo pipefail

step() { printf '\n== %s\n' "$1"; }

builddir() { # builddir NAME CC MESON-ARGUMENTS...
    local name=$1 cc=$2
    shift 2
    [ -d "build-$name" ] || CC=$cc meson setup "build-$name" "$@" >/dev/null
    ninja -C "build-$name" --quiet
}

step 'clang'
builddir clang clang
scripts/test.sh build-clang

step 'AddressSanitizer and UndefinedBehaviorSanitizer'
builddir asan gcc -Db_sanitize=address,undefined
WEIR_SANITIZED=1 ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
    scripts/test.sh build-asan --timeout-multiplier 5

step 'ThreadSanitizer'
builddir tsan gcc -Db_sanitize=thread
WEIR_SANITIZED=1 TSAN_OPTIONS="halt_on_error=1 suppressions=$PWD/tests/tsan.supp ignore_noninstrumented_modules=1" \
    scripts/test.sh build-tsan --timeout-multiplier 10

step 'layout'
git ls-files '*.c' '*.h' | xargs clang-format --dry-run -Werror

step 'clang-tidy'
git ls-files 'src/*.c' 'cli/*.c' 'components/*.c' 'worker/*.c' | grep -v '_test.c$\|_fuzz.c$' |
    xargs -P 2 -n 8 clang-tidy --quiet -p build-clang 2>/dev/null

step 'fuzzing, a minute each'
tests/fuzz/run.sh 60
