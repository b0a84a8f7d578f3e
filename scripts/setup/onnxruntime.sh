# ONNX Runtime: deps/onnxruntime/include/onnxruntime_c_api.h and deps/onnxruntime/lib/libonnxruntime.so.
# shellcheck shell=bash
#
# In this order: the system's own package, linked to; else Debian 13's header and the official build that Microsoft
# publishes as the npm package onnxruntime-node; else a third-party build. The header is plain C and MIT-licensed, and a
# library of any version serves it, since it is loaded at run time and asked for the interface that both know.
#
# Why 1.21.0: it is the version that Debian 13 has and the header's own, so one version is met everywhere. Its library is
# 22 MB out of a download of 80 MB; 1.30.0 is some 10 % faster but 46 MB out of 114 MB, and 1.16.3 (33 MB) is older than
# the header. The third-party build is a download of 11 MB: it serves where the official one cannot be had.

onnxruntime_version=1.21.0
onnxruntime_header_sha256=7783e9664bdb0b1b36145b5c8587dd1bc9a399aa000edf2e3dd03003cafc6882
onnxruntime_node_sha256=c711a4048a8b460a70de25a5008b1628e3773878ef9deec1dd4a4ccab46de01a
sherpa_version=1.13.8
sherpa_x64_sha256=13291bcd825da5858ca27a35443e9a2c229a40616c0910086de2db12c5c9312c
sherpa_arm64_sha256=e1671ad6e94e51947229a5736d06022780f3fba967da8d917173cd9765902ee8

set_up_onnxruntime() {
	ort_header=$deps/onnxruntime/include/onnxruntime_c_api.h
	ort_library=$deps/onnxruntime/lib/libonnxruntime.so
	local recipe="onnxruntime $onnxruntime_version"
	has_onnxruntime "$recipe" && return 0
	use_system_onnxruntime && return 0
	start_work
	fetch_onnxruntime_header
	fetch_onnxruntime_library
	note_recipe "$ort_library" "$recipe"
	end_work
}

# Both files are there, and not left by an older recipe. A library without a recipe is the user's own, and is kept.
has_onnxruntime() {
	[[ -e $ort_header && -e $ort_library ]] && { [[ ! -e $ort_library.recipe ]] || is_made "$ort_library" "$1"; }
}

system_has_onnxruntime() {
	command -v pkg-config >/dev/null && pkg-config --exists libonnxruntime
}

# Links to the system's header and library, so that the build finds them in one place whatever their origin.
use_system_onnxruntime() {
	if ! system_has_onnxruntime; then
		apt-cache show libonnxruntime-dev >/dev/null 2>&1 || return 1
		need_packages libonnxruntime-dev pkg-config:pkg-config
	fi
	local header library
	header=$(pkg-config --variable=includedir libonnxruntime)/onnxruntime_c_api.h
	[[ -e $header ]] || header=$(dirname "$header")/onnxruntime/onnxruntime_c_api.h
	library=$(pkg-config --variable=libdir libonnxruntime)/libonnxruntime.so
	[[ -e $header && -e $library ]] || return 1
	mkdir -p "$(dirname "$ort_header")" "$(dirname "$ort_library")"
	ln -sf "$header" "$ort_header"
	ln -sf "$library" "$ort_library"
	say "ONNX Runtime is the system's $(pkg-config --modversion libonnxruntime)"
}

# The mirror that this machine takes Debian's own packages from.
debian_mirror() {
	# shellcheck disable=SC2016
	apt-get indextargets --format '$(ORIGIN) $(CODENAME) $(COMPONENT) $(REPO_URI)' 'Identifier: Packages' \
		| awk '$1 == "Debian" && $2 !~ /-/ && $3 == "main" { print $4; exit }'
}

# Debian 13's header on an older Debian: apt with lists and sources of its own, so that the system's stay as they are.
fetch_onnxruntime_header() {
	local mirror lists=$work/apt options
	local remedy="put onnxruntime_c_api.h of ONNX Runtime $onnxruntime_version into ${ort_header%/*}"
	command -v apt-get >/dev/null || fail "ONNX Runtime's header comes from Debian and there is no apt here: $remedy"
	mirror=$(debian_mirror)
	if [[ -z $mirror ]]; then
		refresh_package_lists
		mirror=$(debian_mirror)
	fi
	[[ -n $mirror ]] || fail "apt's sources name no mirror of Debian to take ONNX Runtime's header from: $remedy"
	mkdir -p "$lists"/{lists,archives}/partial
	: >"$lists/status"
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" >"$lists/sources.list"
	options=(-qq -o Dir::Etc::SourceList="$lists/sources.list" -o Dir::Etc::SourceParts=/dev/null
		-o Dir::State::Lists="$lists/lists" -o Dir::State::status="$lists/status" -o Dir::Cache="$lists"
		-o Acquire::Languages=none -o Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled=false
		-o APT::Sandbox::User=root)
	say "downloading ONNX Runtime's header from Debian 13 (10 MB of package lists, 0.1 MB)"
	(cd "$lists" && apt-get "${options[@]}" update && apt-get "${options[@]}" download libonnxruntime-dev \
		&& dpkg -x libonnxruntime-dev_*.deb unpacked) \
		|| fail "ONNX Runtime's header could not be had from $mirror: $remedy"
	local header=$lists/unpacked/usr/include/onnxruntime/onnxruntime_c_api.h
	check_sha256 "$header" "$onnxruntime_header_sha256"
	place "$header" "$ort_header"
}

fetch_onnxruntime_library() {
	local machine sherpa_sha256
	case $(uname -m) in
		x86_64) machine=x64 sherpa_sha256=$sherpa_x64_sha256 ;;
		aarch64) machine=arm64 sherpa_sha256=$sherpa_arm64_sha256 ;;
		*) fail "no ONNX Runtime is built for $(uname -m): build it and put libonnxruntime.so into ${ort_library%/*}" ;;
	esac
	local member=package/bin/napi-v3/linux/$machine/libonnxruntime.so.$onnxruntime_version
	if ! fetch_npm onnxruntime-node "$onnxruntime_version" '80 MB' "$onnxruntime_node_sha256"; then
		say "the official build of ONNX Runtime could not be had; trying the third-party build of sherpa-onnx"
		fetch_npm "sherpa-onnx-linux-$machine" "$sherpa_version" '14 MB' "$sherpa_sha256" \
			|| fail "ONNX Runtime could not be had from npm: see the lines above, and 'npm config get registry'"
		member=package/libonnxruntime.so
	fi
	tar -xzf "$fetched" -C "$work" "$member"
	place "$work/$member" "$ort_library"
}
