#!/usr/bin/env bash
# tests/fresh/run.sh [--working-tree] [--keep] [MAKE-TARGET... | --command COMMAND]
#
# Proves that a machine which knows nothing of us can run and test this project, unattended: makes a Debian 12 folder
# that holds git and make and nothing else, clones HEAD into it, and runs the make targets (default: run test) in it
# twice: from nothing, and once more with everything in place. Prints how long each took. By hand only: needs root,
# debootstrap, a network and some minutes.
#
#   --working-tree   the files as they lie here, committed or not, instead of HEAD
#   --keep           leave the folder behind and say where it is
#   --command        run this instead of make targets
#
# The folder takes packages from where this machine does: its mirror, proxies, certificates and npm settings are passed
# on. Everything else about this machine stays outside.
set -euo pipefail

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
suite=bookworm
inside=/root/weir
passed_on='^(https?_proxy|HTTPS?_PROXY|no_proxy|NO_PROXY|NODE_EXTRA_CA_CERTS|SSL_CERT_FILE|SSL_CERT_DIR|NPM_CONFIG_.*|npm_config_.*)='

say() {
	printf 'fresh: %s\n' "$*"
}

fail() {
	printf 'fresh: %s\n' "$*" >&2
	exit 1
}

read_arguments() {
	commands=() from=HEAD keep=no
	while [[ $# -gt 0 ]]; do
		case $1 in
			--working-tree) from=working-tree ;;
			--keep) keep=yes ;;
			--command)
				[[ $# -ge 2 ]] || fail "--command wants a command behind it"
				commands+=("$2")
				shift
				;;
			-*) fail "there is no option $1: see the head of ${BASH_SOURCE[0]}" ;;
			*) commands+=("make $1") ;;
		esac
		shift
	done
	[[ ${#commands[@]} -gt 0 ]] || commands=('make run' 'make test')
}

check_tools() {
	[[ $(id -u) -eq 0 ]] || fail "this needs root, for debootstrap and chroot"
	local tool
	for tool in debootstrap git unshare; do
		command -v "$tool" >/dev/null || fail "$tool is missing: apt-get install ${tool/unshare/util-linux}"
	done
}

# One line for each of Debian's own archives that this machine uses: address, suite, component.
debian_archives() {
	# shellcheck disable=SC2016
	apt-get indextargets --format '$(ORIGIN) $(REPO_URI) $(CODENAME) $(COMPONENT)' 'Identifier: Packages' \
		| awk -v suite="$suite" '$1 == "Debian" && index($3, suite) == 1 { print $2, $3, $4 }' | sort -u
}

bootstrap() {
	local mirror
	mirror=$(debian_archives | awk -v suite="$suite" '$2 == suite { print $1; exit }')
	[[ -n $mirror ]] || fail "apt knows no mirror of Debian's $suite here: see its sources, then apt-get update"
	say "making a Debian $suite folder with git and make (some 100 MB to download)"
	debootstrap --variant=minbase --include=git,make "$suite" "$folder" "$mirror" >"$folder.log" 2>&1 \
		|| { tail -n 5 "$folder.log" >&2; fail "debootstrap failed: see $folder.log"; }
	rm -f "$folder.log"
}

# What this machine needs to reach the package archives, and no more.
pass_on_settings() {
	debian_archives | sed 's/^/deb /' >"$folder/etc/apt/sources.list"
	apt-config dump | grep '^Acquire::' >"$folder/etc/apt/apt.conf.d/99host" || true
	cp -L /etc/resolv.conf /etc/hosts "$folder/etc/"
	mkdir -p "$folder/usr/local/share/ca-certificates" "$folder/etc/ssl/certs"
	cp -r /usr/local/share/ca-certificates/. "$folder/usr/local/share/ca-certificates/"
	if [[ -f /etc/ssl/certs/ca-certificates.crt ]]; then
		cp /etc/ssl/certs/ca-certificates.crt "$folder/etc/ssl/certs/"
	fi
	local settings
	for settings in /etc/npmrc "$HOME/.npmrc"; do
		[[ ! -f $settings ]] || cat "$settings" >>"$folder/root/.npmrc"
	done
}

copy_project() {
	if [[ $from == HEAD ]]; then
		git clone --quiet --no-hardlinks "$repository" "$folder$inside"
		return
	fi
	mkdir -p "$folder$inside"
	(cd "$repository" && git ls-files -coz --exclude-standard | tar --null --ignore-failed-read -T - -c) \
		| tar -x -C "$folder$inside"
}

# Runs a command in the folder, with its own mounts and processes: both end with it.
run_inside() {
	local -a environment
	mapfile -t environment < <(env | grep -E "$passed_on" || true)
	# shellcheck disable=SC2016
	unshare --mount --pid --fork --kill-child bash -c '
		set -e
		folder=$1; shift
		mount -t proc proc "$folder/proc"
		mount -t sysfs -o ro sysfs "$folder/sys"
		mount --rbind /dev "$folder/dev"
		exec chroot "$folder" env -i "$@"
	' run_inside "$folder" HOME=/root LANG=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		"${environment[@]}" bash -c "cd $inside && $1" </dev/null
}

run_all() {
	local round=$1 command status start
	for command in "${commands[@]}"; do
		say "$round: $command"
		start=$SECONDS status=0
		run_inside "$command" || status=$?
		results+=("$(printf '%-7s %4d s  exit %d  %s' "$round" $((SECONDS - start)) "$status" "$command")")
		[[ $status -eq 0 ]] || failures=$((failures + 1))
	done
}

clean_up() {
	if [[ $keep == yes ]]; then
		say "kept in $folder; delete it with: rm -rf --one-file-system $folder"
	else
		rm -rf --one-file-system "$folder"
	fi
}

main() {
	read_arguments "$@"
	check_tools
	folder=$(mktemp -d "${TMPDIR:-/tmp}/weir-fresh.XXXXXX")
	trap clean_up EXIT
	chmod 755 "$folder"
	bootstrap
	pass_on_settings
	copy_project
	results=() failures=0
	run_all first
	run_all second
	printf 'fresh: %s\n' "${results[@]}"
	[[ $failures -eq 0 ]] || fail "$failures of ${#results[@]} runs failed"
}

main "$@"
