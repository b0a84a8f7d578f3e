"""Instructions for each frame of a program, as valgrind counts them: count.py FUNCTION PROGRAM [ARGUMENT...], one argument
being FRAMES. Those within FUNCTION and what it calls, or all if it is "". It runs twice, with twice as many frames the
second time: the difference is of the frames alone, not of the start."""
import json
import re
import subprocess
import sys

FRAMES = 5000


def instructions(function, command):
    within = [f"--toggle-collect={function}"] if function else []
    run = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *within, *command],
                         capture_output=True, text=True, check=False)
    counted = re.search(r"Collected : (\d+)", run.stderr)
    if run.returncode != 0 or not counted:
        sys.exit(f"{command[0]} ended with {run.returncode}: {run.stderr.strip().splitlines()[-1:]}")
    return int(counted.group(1))


def with_frames(command, count):
    return [str(count) if word == "FRAMES" else word for word in command]


once, twice = (instructions(sys.argv[1], with_frames(sys.argv[2:], count)) for count in (FRAMES, 2 * FRAMES))
print(json.dumps({"instructions_per_frame": (twice - once) / FRAMES}))
