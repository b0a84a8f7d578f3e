#!/usr/bin/env bash
# The main job: real video in, objects found, results out, live; then a short account.
# Usage: scripts/main-job.sh WEIR [VIDEO] [DURATION]
# Without VIDEO: the sample street scene for 30 s. With one: until Ctrl-C, or for DURATION.
set -euo pipefail
weir=${1:?where is the weir command?}
video=${2:-}
duration=${3:-}
results=results/$(date +%Y%m%d-%H%M%S)

if [ -z "$video" ]; then
    video=deps/clips/street.mp4
    duration=${duration:-30s}
elif [[ $video != *://* && ! -r $video ]]; then
    # weir itself would not show what comes through the environment.
    echo "main job: cannot read $video: check VIDEO=" >&2
    exit 2
fi
mkdir -p "$results"
# The page: at the usual port, or at any that is free.
port=8080
(exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && port=0
# The address may hold a password: it goes through the environment, not the command line, and is masked wherever shown.
export WEIR_VIDEO=$video

cat >"$results/pipeline.yaml" <<YAML
pipeline: main-job
nodes:
  camera:
    component: video
    url: \${WEIR_VIDEO}
    pace: live
  detect:
    component: detect
    from: camera
    take: latest
    model: coco
  results:
    component: jsonl
    from: detect
    path: $results/detections.jsonl
  draw:
    component: draw
    from: detect
  drawn:
    component: video-out
    from: draw
    path: $results/drawn.mp4
  snapshots:
    component: snapshot
    from: draw
    path: $results/snapshots
    every: 5s
  page:
    component: dashboard
    listen: 127.0.0.1:$port
    from:
      camera: {take: every}
      detect: {take: newest=4}
YAML

status=0
trap '' INT # the command drains on Ctrl-C; the account still follows
"$weir" run "$results/pipeline.yaml" --summary "$results/summary.json" ${duration:+--duration "$duration"} || status=$?
[ -s "$results/summary.json" ] || exit "$status"

jq -r '
  def link($from; $to): .links[] | select(.from == $from and .to == $to);
  (link("camera"; "camera-decode")) as $seen | (link("camera-decode"; "detect")) as $detect |
  "",
  "Ran \(.duration_s * 10 | round / 10) s (\(.end)).",
  "  frames seen      \($seen.offered)",
  "  frames analysed  \($detect.taken)",
  "  let go           \([$detect.dropped, $seen.dropped | to_entries[] | select(.value > 0) | "\(.value) \(.key)"] | if length == 0 then "none" else join(", ") end)",
  "  age when taken   \($detect.age_ms.p50) ms p50, \($detect.age_ms.p99) ms p99"
' "$results/summary.json"
if [ -s "$results/detections.jsonl" ]; then
    jq -rn '
      [inputs | [.boxes[]? | select(.label == "person")] | length] |
      "  persons          \(if length == 0 then 0 else (add / length * 10 | round / 10) end) per frame, \(max // 0) at most at once"
    ' "$results/detections.jsonl"
fi
echo "Results: $results/detections.jsonl, drawn.mp4, snapshots/, summary.json"
exit "$status"
