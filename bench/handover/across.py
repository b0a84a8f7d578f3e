"""Empty frames from one process to another: across.py WEIR FRAMES DEPTH. A source and a sink, each in a worker of its own.

What starting takes is not counted: it runs twice, with twice as many frames the second time, and tells the difference.
"""
import json
import subprocess
import sys
import tempfile


def weir(program, frames, depth):
    """Seconds of the run and of the processor, and whether all frames came."""
    line = f"test-source rate=0 size=0x0 frames={frames} runner=process ! null hold={depth} runner=process"
    with tempfile.NamedTemporaryFile("r", suffix=".json") as summary:
        subprocess.run([program, "run", "--quiet", "--summary", summary.name, line], check=True)
        told = json.load(summary)
    link = told["links"][0]
    good = link["taken"] == frames == link["offered"]
    return told["duration_s"], sum(node["cpu_s"] for node in told["nodes"]), good, link["age_ms"]


def main():
    frames = int(sys.argv[2])
    once, twice = weir(sys.argv[1], frames, sys.argv[3]), weir(sys.argv[1], 2 * frames, sys.argv[3])
    seconds, cpu, age_ms = twice[0] - once[0], twice[1] - once[1], twice[3]
    print(json.dumps({"ns_per_frame": seconds / frames * 1e9, "frames_per_s": frames / seconds,
                      "cpu_us_per_frame": cpu / frames * 1e6, "age_p50_us": age_ms["p50"] * 1e3,
                      "age_p99_us": age_ms["p99"] * 1e3, "accounts_true": int(once[2] and twice[2])}))


main()
