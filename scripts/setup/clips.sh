# The clips: deps/clips/street.mp4 (a real surveillance scene) and deps/clips/crops.mp4 (exact ground truth).
# shellcheck shell=bash
#
# Both are made on this machine from packages that Debian distributes; neither is redistributed.

vtest_sha256=45cddc9490be69345cbdab64ca583be65987e864ca408038e648db99e10516cf

# H.264 as a camera would send it: 10 frames/s, no B-frames, a key frame every second.
street_encoding=(-an -r 10 -c:v libx264 -preset medium -crf 20 -pix_fmt yuv420p
	-g 10 -keyint_min 10 -sc_threshold 0 -bf 0 -movflags +faststart -f mp4)

set_up_clip() {
	local clip=$deps/clips/street.mp4 recipe="vtest.avi $vtest_sha256 ${street_encoding[*]}"
	local vtest=usr/share/doc/opencv-doc/examples/data/vtest.avi
	is_made "$clip" "$recipe" && return 0
	need_packages ffmpeg:ffmpeg
	start_work
	if ! has_sha256 "$work/vtest.avi" "$vtest_sha256"; then
		fetch_deb opencv-doc '96 MB, for a clip of 8 MB in it'
		dpkg-deb --fsys-tarfile "$fetched" | tar -xO "./$vtest" >"$work/vtest.avi"
		check_sha256 "$work/vtest.avi" "$vtest_sha256"
	fi
	say "converting the sample clip to H.264"
	ffmpeg -v error -nostdin -y -i "$work/vtest.avi" "${street_encoding[@]}" "$work/street.mp4"
	place "$work/street.mp4" "$clip"
	note_recipe "$clip" "$recipe"
	end_work
}

set_up_testclip() {
	local clip=$deps/clips/crops.mp4 truth=$deps/clips/crops.json recipe
	recipe="crops.py $(sha256sum <"$root/tools/crops.py")"
	[[ -e $truth ]] && is_made "$clip" "$recipe" && return 0
	need_packages ffmpeg:ffmpeg python3:python3
	start_work
	fetch_deb darknet '3 MB, for the photos in it'
	dpkg -x "$fetched" "$work/darknet"
	say "making the clip with exact ground truth"
	PYTHONDONTWRITEBYTECODE=1 python3 "$root/tools/crops.py" "$work/darknet/usr/share/darknet/data" \
		"$work/crops.mp4" "$work/crops.json"
	place "$work/crops.json" "$truth"
	place "$work/crops.mp4" "$clip"
	note_recipe "$clip" "$recipe"
	end_work
}
