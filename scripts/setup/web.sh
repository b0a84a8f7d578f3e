# For the page: deps/web (uPlot, which draws its charts). For its tests: deps/browser (playwright-core, which steers
# the browser, and ws, a WebSocket server), as packages that node finds there.
# shellcheck shell=bash

uplot_version=1.6.32
uplot_sha256=4b8a8191e425658e3ea8c8c1314b0fc679c861ee3a1af2b20c7b16ba50b5133d
# playwright-core: the last that runs with Node 18, which Debian 12 has.
playwright_version=1.61.1
playwright_sha256=3740bba3a3e93b4c7bd7c0f6e3c0e5f8cdce498bef13511e4d534cc99a8ce198
ws_version=8.18.3
ws_sha256=424be604c8e7926fc29a1f067bf2dac256af3bcea62fe30395018bbaf8a9be2a

set_up_web() {
	local script=$deps/web/uPlot.iife.min.js style=$deps/web/uPlot.min.css recipe="uplot $uplot_version $uplot_sha256"
	[[ -e $style ]] && is_made "$script" "$recipe" && return 0
	start_work
	fetch_npm uplot "$uplot_version" '0.2 MB' "$uplot_sha256" \
		|| fail "uPlot could not be had from npm: see the lines above, and 'npm config get registry'"
	tar -xzf "$fetched" -C "$work" package/dist/uPlot.iife.min.js package/dist/uPlot.min.css
	place "$work/package/dist/uPlot.min.css" "$style"
	place "$work/package/dist/uPlot.iife.min.js" "$script"
	note_recipe "$script" "$recipe"
	end_work
}

set_up_browser() {
	need_packages "${browser_packages[@]}"
	set_up_node_package playwright-core "$playwright_version" '3 MB' "$playwright_sha256"
	set_up_node_package ws "$ws_version" '0.1 MB' "$ws_sha256"
}

# set_up_node_package NAME VERSION SIZE SHA256: deps/browser/node_modules/NAME, unpacked; no script of it is run.
set_up_node_package() {
	local place=$deps/browser/node_modules/$1 recipe="$1 $2 $4"
	is_made "$place" "$recipe" && return 0
	start_work
	fetch_npm "$1" "$2" "$3" "$4" || fail "$1 could not be had from npm: see the lines above, and 'npm config get registry'"
	rm -rf "$place" "$work/package"
	tar -xzf "$fetched" -C "$work"
	mkdir -p "${place%/*}"
	mv "$work/package" "$place"
	note_recipe "$place" "$recipe"
	end_work
}
