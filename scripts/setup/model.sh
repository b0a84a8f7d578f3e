# The default model: deps/models/coco.onnx, converted on this machine from the npm package that carries it.
# shellcheck shell=bash

human_version=3.3.6
human_sha256=425e9c51dbbca0c8934362b170cb0d54c2529c11c654b3c03092b16e9d6ad3f7

set_up_model() {
	local model=$deps/models/coco.onnx expected
	expected=$(sed -n 's/^sha256: *//p' "$root/models/coco.yaml")
	has_sha256 "$model" "$expected" && return 0
	need_packages python3:python3
	start_work
	fetch_npm @vladmandic/human "$human_version" '29 MB' "$human_sha256" \
		|| fail "the model's package could not be had from npm: see the lines above, and 'npm config get registry'"
	tar -xzf "$fetched" -C "$work" package/models/centernet.json package/models/centernet.bin
	say "converting the model to ONNX"
	PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$root/tools python3 -m tfjs2onnx --nchw --output tower_0/detections \
		"$work/package/models/centernet.json" "$work/coco.onnx"
	check_sha256 "$work/coco.onnx" "$expected"
	place "$work/coco.onnx" "$model"
	end_work
}
