#!/usr/bin/env bash
# scripts/setup.sh GROUP... - installs or fetches what is missing, and does nothing where nothing is missing.
#
#   build        compiler, Meson and the libraries to compile against (apt)
#   run          what the main job uses besides: a font, jq (apt)
#   test         what the tests need besides (apt)
#   check        clang, its tools, valgrind and other checkers (apt)
#   bench        what the benchmarks compare with (apt)
#   onnxruntime  deps/onnxruntime: ONNX Runtime's header and library
#   model        deps/models/coco.onnx: the default model
#   clip         deps/clips/street.mp4: the sample clip
#   testclip     deps/clips/crops.mp4 and crops.json: a film whose every frame is known
#   web          deps/web: uPlot, which draws the charts of the dashboard's page
#   browser      deps/browser: what tests the page: Chromium and Node (apt), playwright-core, ws
#
# Packages come with apt (through sudo where not root). Everything else is pinned by checksum, appears complete or not
# at all, and lies under deps/, which may be deleted at any time.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
deps=$root/deps
parts=$root/scripts/setup

# shellcheck source=setup/common.sh
source "$parts/common.sh"
# shellcheck source=setup/packages.sh
source "$parts/packages.sh"
# shellcheck source=setup/onnxruntime.sh
source "$parts/onnxruntime.sh"
# shellcheck source=setup/model.sh
source "$parts/model.sh"
# shellcheck source=setup/clips.sh
source "$parts/clips.sh"
# shellcheck source=setup/web.sh
source "$parts/web.sh"

usage() {
	sed -n '2,/^set/{s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"
}

set_up() {
	case $1 in
		build) need_packages "${build_packages[@]}" ;;
		run) need_packages "${run_packages[@]}" ;;
		test) need_packages "${test_packages[@]}" ;;
		check) need_packages "${check_packages[@]}" ;;
		bench) need_packages "${bench_packages[@]}" ;;
		onnxruntime) set_up_onnxruntime ;;
		model) set_up_model ;;
		clip) set_up_clip ;;
		testclip) set_up_testclip ;;
		web) set_up_web ;;
		browser) set_up_browser ;;
		*) fail "there is no group '$1': the groups are build run test check bench onnxruntime model clip testclip web browser" ;;
	esac
}

main() {
	if [[ $# -eq 0 || $1 == -h || $1 == --help ]]; then
		usage
		exit $(($# == 0 ? 2 : 0))
	fi
	local group
	for group; do
		set_up "$group"
	done
}

main "$@"
