# What each group installs with apt: a package, or package:command where any such command will do.
# shellcheck shell=bash disable=SC2034

build_packages=(
	gcc:gcc libc6-dev meson:meson ninja-build:ninja pkg-config:pkg-config
	libavformat-dev libavcodec-dev libavutil-dev libavdevice-dev libswscale-dev
	libyuv-dev libturbojpeg0-dev libpng-dev libyaml-dev libjansson-dev libssl-dev libseccomp-dev
	libfreetype-dev libfontconfig-dev libwebsockets-dev libwebsockets-evlib-uv libuv1-dev
)

# What the main job uses besides: a font to draw with, and what makes the short account.
run_packages=(
	fonts-dejavu-core jq:jq
)

test_packages=(
	libcmocka-dev ffmpeg:ffmpeg python3:python3 spin:spin strace:strace fonts-dejavu-core jq:jq
	# an RTSP camera: the server, its Python binding, a test picture, an encoder, a parser and the payloader
	python3-gi gir1.2-gst-rtsp-server-1.0
	gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly
)

check_packages=(
	clang:clang clang-tidy:clang-tidy clang-format:clang-format libclang-rt-dev llvm
	cppcheck:cppcheck valgrind:valgrind
)

bench_packages=(
	gstreamer1.0-tools libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev
	gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly
	gstreamer1.0-libav gstreamer1.0-x python3-opencv python3-pil python3-numpy python3-matplotlib valgrind:valgrind
	# films to measure with, a camera, and the sizes of programs as they are installed
	ffmpeg:ffmpeg python3-gi gir1.2-gst-rtsp-server-1.0 binutils:strip
)

# A browser, what steers it, what makes films to look at, and a font for the page.
browser_packages=(
	chromium:chromium nodejs:node ffmpeg:ffmpeg fonts-dejavu-core
)
