"""Runs a program that prints a line of JSON for each frame, and tells how fast they came and what was in them.

usage: lines.py [--expect N] [--keep FILE | --like FILE] [--instead LONG SHORT] -- PROGRAM [ARGUMENT...]

Figures, as one object of JSON: `first_ms` from the start of the program to its first line, `frames`, `fps` between the first
line and the last, `objects` and, with --like, `same`: which share of all boxes is in both. With --instead the program runs
once more, with SHORT wherever LONG stands in its arguments: `cpu_ms_per_frame` is what the frames cost that it had not, so
without what the program's start costs, however many frames are worked on ahead.
"""
import argparse
import json
import os
import subprocess
import sys
import time

OVERLAP = 0.8


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--expect", type=int, help="so many lines there must be")
    parser.add_argument("--keep", help="write the lines there")
    parser.add_argument("--like", help="compare with the lines kept there, as far as these go")
    parser.add_argument("--instead", nargs=2, metavar=("LONG", "SHORT"), help="what to run on instead, for the cost of a frame")
    parser.add_argument("program", nargs="+")
    return parser.parse_args()


def run(command):
    """The lines, when the first and the last came after the start, in s, what was used, and the exit status."""
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    pieces, first, last = [], None, None
    while piece := os.read(process.stdout.fileno(), 1 << 16):
        pieces.append(piece)
        if b"\n" not in piece:
            continue
        last = time.monotonic() - began
        first = first or last
    process.stdout.close()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    lines = [line for line in b"".join(pieces).split(b"\n") if line]
    return lines, first, last, usage, process.returncode


def boxes_of(lines):
    return {frame["frame"]: frame["boxes"] for frame in map(json.loads, filter(None, lines)) if "boxes" in frame}


def overlap(a, b):
    wide = min(a["x"] + a["w"], b["x"] + b["w"]) - max(a["x"], b["x"])
    high = min(a["y"] + a["h"], b["y"] + b["h"]) - max(a["y"], b["y"])
    both = max(wide, 0) * max(high, 0)
    return both / (a["w"] * a["h"] + b["w"] * b["h"] - both or 1)


def matched(some, others):
    left, count = list(others), 0
    for box in some:
        best = max((o for o in left if o["label"] == box["label"]), key=lambda o: overlap(box, o), default=None)
        if best and overlap(box, best) >= OVERLAP:
            left.remove(best)
            count += 1
    return count


def sameness(mine, theirs):
    """The share of the boxes of both that have their like in the other; of the frames that I looked at."""
    pairs = [(boxes, theirs.get(frame, [])) for frame, boxes in mine.items()]
    total = sum(len(a) + len(b) for a, b in pairs)
    return 2 * sum(matched(a, b) for a, b in pairs) / total if total else 1.0


def cpu_s(usage):
    return usage.ru_utime + usage.ru_stime


def figures(lines, first, last, usage):
    found = {"frames": len(lines), "first_ms": first * 1e3, "cpu_s": cpu_s(usage), "rss_mib": usage.ru_maxrss / 1024}
    if len(lines) > 1 and last > first:
        found["fps"] = (len(lines) - 1) / (last - first)
    return found


def run_well(command):
    lines, first, last, usage, status = run(command)
    if not lines or status != 0:
        sys.exit(f"{os.path.basename(command[0])} ended with {status} after {len(lines)} lines")
    return lines, first, last, usage


def main():
    wanted = arguments()
    lines, first, last, usage = run_well(wanted.program)
    if wanted.expect and len(lines) != wanted.expect:
        sys.exit(f"{len(lines)} lines came, not {wanted.expect}")
    found = figures(lines, first, last, usage)
    if wanted.instead:
        fewer, _, _, less = run_well([part.replace(*wanted.instead) for part in wanted.program])
        found["cpu_ms_per_frame"] = (cpu_s(usage) - cpu_s(less)) * 1e3 / (len(lines) - len(fewer))
    boxes = boxes_of(lines)
    found["objects"] = sum(map(len, boxes.values())) if boxes else None
    if wanted.keep:
        with open(wanted.keep, "wb") as file:
            file.write(b"\n".join(lines))
    if wanted.like:
        with open(wanted.like, "rb") as file:
            found["same"] = sameness(boxes, boxes_of(file.read().split(b"\n")))
    print(json.dumps(found))


if __name__ == "__main__":
    main()
