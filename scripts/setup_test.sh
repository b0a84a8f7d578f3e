#!/usr/bin/env bash
# setup.sh with stand-ins for apt, dpkg and npm: what it runs and says, and that it runs nothing when nothing is missing.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
passed=0 failed=0

# A copy of the scripts in a tree of their own, and a PATH on which the stand-ins come first.
fresh_tree() {
	rm -rf "${scratch:?}"/*
	mkdir -p "$scratch/tree/scripts" "$scratch/tree/models" "$scratch/bin"
	cp -r "$here/setup.sh" "$here/setup" "$scratch/tree/scripts/"
	printf 'sha256: %s\n' "$(printf model | sha256sum | cut -d' ' -f1)" >"$scratch/tree/models/coco.yaml"
	: >"$scratch/calls"
	stand_in apt-get 'exit 0'
	stand_in sudo 'exec "$@"'
	stand_in id 'echo 0'
}

# stand_in NAME BODY: a command that notes how it was called and then does BODY.
stand_in() {
	printf '#!/bin/bash\necho "%s $*" >>"%s"\n%s\n' "$1" "$scratch/calls" "$2" >"$scratch/bin/$1"
	chmod +x "$scratch/bin/$1"
}

nothing_installed() { stand_in dpkg-query 'exit 1'; }
all_installed() {
	stand_in dpkg-query 'shift 3; for p; do printf "%s:installed " "$p"; done'
}

set_up() {
	status=0
	PATH=$scratch/bin:$PATH "$scratch/tree/scripts/setup.sh" "$@" >"$scratch/out" 2>&1 || status=$?
}

check() {
	if "${@:2}"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		printf 'FAILED: %s\n' "$1"
		sed 's/^/    /' "$scratch/out" "$scratch/calls"
	fi
}

called() { grep -q -- "$1" "$scratch/calls"; }
not_called() { ! called "$1"; }
said() { grep -q -- "$1" "$scratch/out"; }
silent() { [[ ! -s $scratch/out ]]; }
exits() { [[ $status -eq $1 ]]; }

fresh_tree
all_installed
set_up build test check bench
check 'nothing missing: exit 0' exits 0
check 'nothing missing: no word' silent
check 'nothing missing: apt is left alone' not_called apt-get

fresh_tree
nothing_installed
set_up build
check 'missing: exit 0' exits 0
check 'missing: names what it installs' said 'installing with apt: .*libyaml-dev'
check 'missing: fresh lists first' called 'apt-get -qq update'
check 'missing: without recommends' called 'apt-get install -y --no-install-recommends .*libyaml-dev'

fresh_tree
nothing_installed
set_up check bench
check 'two groups: lists are fetched once' [ "$(grep -c 'apt-get -qq update' "$scratch/calls")" -eq 1 ]

fresh_tree
nothing_installed
stand_in id 'echo 1000'
set_up build
check 'not root: through sudo' called 'sudo env DEBIAN_FRONTEND=noninteractive apt-get install'

fresh_tree
nothing_installed
stand_in apt-get 'case "$*" in *print-uris*) ;; *install*) echo E: broken >&2; exit 100 ;; esac'
set_up build
check 'apt fails: exit 1' exits 1
check 'apt fails: its reason is shown' said 'E: broken'
check 'apt fails: one sentence of ours' said '^setup: apt could not install .*libc6-dev'

fresh_tree
set_up nonsense
check 'unknown group: exit 1' exits 1
check 'unknown group: the groups are named' said "there is no group 'nonsense': the groups are build run test"

fresh_tree
mkdir -p "$scratch/tree/deps/models"
printf model >"$scratch/tree/deps/models/coco.onnx"
set_up model
check 'model there: exit 0' exits 0
check 'model there: no word' silent

fresh_tree
all_installed
mkdir -p "$scratch/tree/deps/models"
printf tampered >"$scratch/tree/deps/models/coco.onnx"
stand_in npm 'echo npm error E404 not found >&2; exit 1'
set_up model
check 'model differs, npm fails: exit 1' exits 1
check 'model differs, npm fails: size is said' said 'downloading @vladmandic/human .* from npm (29 MB)'
check 'model differs, npm fails: remedy is said' said 'npm config get registry'

fresh_tree
all_installed
stand_in npm 'echo not the package >vladmandic-human-3.3.6.tgz'
set_up model
check 'wrong checksum: exit 1' exits 1
check 'wrong checksum: is said' said 'not the file that was expected'
check 'wrong checksum: nothing in place' [ ! -e "$scratch/tree/deps/models/coco.onnx" ]

fresh_tree
all_installed
stand_in npm 'echo not the package >uplot-1.6.32.tgz'
set_up web
check 'web, wrong checksum: exit 1' exits 1
check 'web, wrong checksum: is said' said 'uplot-1.6.32.tgz is not the file that was expected'
check 'web, wrong checksum: nothing in place' [ ! -e "$scratch/tree/deps/web" ]

fresh_tree
all_installed
stand_in npm 'exit 1'
set_up browser
check 'browser, npm fails: exit 1' exits 1
check 'browser, npm fails: size is said' said 'downloading playwright-core 1.65.1 from npm (3 MB)'
check 'browser, npm fails: remedy is said' said 'playwright-core could not be had from npm: .*npm config get registry'

fresh_tree
all_installed
for name in playwright-core ws; do
	mkdir -p "$scratch/tree/deps/browser/node_modules/$name"
	sed -n "s/^${name%%-*}_\(version\|sha256\)=//p" "$here/setup/web.sh" | xargs printf "$name %s %s\n" \
		>"$scratch/tree/deps/browser/node_modules/$name.recipe"
done
set_up browser
check 'browser there: exit 0' exits 0
check 'browser there: no word' silent

fresh_tree
mkdir -p "$scratch/tree/deps/onnxruntime"/{include,lib}
touch "$scratch/tree/deps/onnxruntime/include/onnxruntime_c_api.h" "$scratch/tree/deps/onnxruntime/lib/libonnxruntime.so"
set_up onnxruntime
check "the user's own ONNX Runtime is kept" exits 0
check "the user's own ONNX Runtime: no word" silent

printf '%d passed, %d failed\n' "$passed" "$failed"
[[ $failed -eq 0 ]]
