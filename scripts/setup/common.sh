# Shared by the parts of setup.sh: saying, failing, installing, downloading, and putting files in place.
# shellcheck shell=bash

say() {
	printf 'setup: %s\n' "$*"
}

fail() {
	printf 'setup: %s\n' "$*" >&2
	exit 1
}

# ---- packages

as_root() {
	if [[ $(id -u) -eq 0 ]]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		fail "installing needs root and there is no sudo: as root, run '$*'"
	fi
}

# Prints which of the items are missing. An item is a package, or package:command where any such command will do.
missing_packages() {
	local item package command installed=''
	if command -v dpkg-query >/dev/null; then
		installed=" $(dpkg-query -W -f '${Package}:${db:Status-Status} ' "${@%%:*}" 2>/dev/null || true)"
	fi
	for item; do
		package=${item%%:*}
		command=${item#"$package"}
		command=${command#:}
		if [[ $installed != *" $package:installed "* ]] && { [[ -z $command ]] || ! command -v "$command" >/dev/null; }; then
			printf '%s\n' "$package"
		fi
	done
}

# Fresh package lists, once in a run. Old lists may still serve, so a failure is only said.
refresh_package_lists() {
	[[ -z ${lists_are_fresh:-} ]] || return 0
	lists_are_fresh=yes
	as_root apt-get -qq update || say "apt-get update failed; going on with the package lists that are there"
}

need_packages() {
	local missing
	mapfile -t missing < <(missing_packages "$@")
	[[ ${#missing[@]} -gt 0 ]] || return 0
	command -v apt-get >/dev/null \
		|| fail "these are missing and there is no apt here: ${missing[*]}; install what your system calls them"
	say "installing with apt: ${missing[*]}"
	refresh_package_lists
	install_packages "${missing[@]}"
}

install_packages() {
	local options=(-y --no-install-recommends -o DPkg::Lock::Timeout=300) log summary
	summary=$(apt-get install "${options[@]}" -qq --print-uris "$@" 2>/dev/null \
		| awk '{ bytes += $3; count++ } END { printf "%d packages, %.0f MB", count, bytes / 1e6 }') || true
	say "downloading and unpacking $summary"
	log=$(mktemp)
	if ! as_root env DEBIAN_FRONTEND=noninteractive apt-get install "${options[@]}" -qq "$@" >"$log" 2>&1 </dev/null 9>&-; then
		tail -n 15 "$log" >&2
		rm -f "$log"
		fail "apt could not install $*: the lines above say why; 'apt-get update' and a look at the sources may help"
	fi
	rm -f "$log"
}

# ---- downloads: each leaves its file in $work and its path in $fetched

# Makes deps/.work the place to work in. One set-up works at a time; what a broken one left behind is used again.
start_work() {
	work=$deps/.work
	mkdir -p "$work"
	exec 9>"$deps/.lock"
	if ! flock -n 9; then
		say "waiting for another set-up to finish"
		flock -w 1800 9 || fail "another set-up has been at work in $deps for 30 minutes: end it and try again"
	fi
}

end_work() {
	rm -rf "$work"
	exec 9>&-
}

has_sha256() {
	[[ -f $1 ]] && [[ $(sha256sum <"$1") == "$2  -" ]]
}

check_sha256() {
	has_sha256 "$1" "$2" \
		|| fail "${1##*/} is not the file that was expected (its sha256 differs from $2): delete $deps and try again"
}

# fetch_npm NAME VERSION SIZE SHA256: a package's tarball, by the npm client, which knows the user's registry settings.
# It is only packed, never installed, so no script in it runs. Fails (returns 1) where it cannot be had.
fetch_npm() {
	local file=${1#@}
	fetched=$work/${file//\//-}-$2.tgz
	has_sha256 "$fetched" "$4" && return 0
	need_packages npm:npm ca-certificates
	say "downloading $1 $2 from npm ($3)"
	rm -f "$fetched"
	(cd "$work" && npm pack --prefer-offline --no-progress --loglevel=error "$1@$2" >npm.log 2>&1 </dev/null) || {
		grep -v '^npm warn' "$work/npm.log" | head -n 5 >&2
		return 1
	}
	check_sha256 "$fetched" "$4"
}

# fetch_deb PACKAGE SIZE: the package's file, checked by apt's signatures. Nothing is installed. Goes on with a file
# that was begun before.
fetch_deb() {
	command -v apt-get >/dev/null || fail "$1 comes as a Debian package and there is no apt here"
	local quiet=-qq tries
	[[ ! -t 1 ]] || quiet=-q
	say "downloading Debian's package $1 ($2)"
	for tries in 1 2; do
		if (cd "$work" && apt-get $quiet -o APT::Sandbox::User=root download "$1" 2>apt.log); then
			fetched=$(find "$work" -maxdepth 1 -name "$1_*.deb" | head -n 1)
			return 0
		fi
		[[ $tries -eq 2 ]] || refresh_package_lists
	done
	cat "$work/apt.log" >&2
	fail "the package $1 could not be downloaded: see the lines above, and whether apt's sources have Debian's 'main'"
}

# ---- putting files in place

# place FILE DESTINATION: the destination appears complete or not at all.
place() {
	mkdir -p "$(dirname "$2")"
	cp "$1" "$2.part"
	mv "$2.part" "$2"
}

# A file that we made is up to date while the recipe noted beside it is the one in force.
is_made() {
	[[ -e $1 && -f $1.recipe && $(<"$1.recipe") == "$2" ]]
}

note_recipe() {
	printf '%s\n' "$2" >"$1.recipe"
}
