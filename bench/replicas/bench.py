"""Two cores for a model: two detectors of one thread each, or one of two threads? And in processes, or in threads?

A film of 1080p, read as fast as it is taken and decoded by one thread; every frame is analysed, and results come in order. All
are bound to the same two cores. `same` is the share of boxes that are the same as those of one detector of one thread in a
thread.
"""
import os
import sys

from harness.declare import Bar, Case, Contender, Figure
from harness.film import street_1080p

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "main-job"))
import contenders  # noqa: E402

FIGURES = [Figure("fps", "frames/s"), Figure("cpu_ms_per_frame", "CPU ms/frame", 1, more=False),
           Figure("rss_mib", "peak MiB", 0, more=False), Figure("frames", "frames", 0), Figure("objects", "objects", 0),
           Figure("same", "same", 3)]
FRAMES, FRAMES_SHORT, FRAMES_QUICK = 120, 20, 40
ONE = "one, one thread"
TWICE, TWICE_THREADS = "two, processes", "two, threads"
ONCE, ONCE_THREADS = "one of two threads, process", "one of two threads, thread"
LINES = {
    ONE: "threads=1 runner=thread",
    TWICE: "threads=1 replicas=2 runner=process",
    ONCE: "threads=2 runner=process",
    TWICE_THREADS: "threads=1 replicas=2 runner=thread",
    ONCE_THREADS: "threads=2 runner=thread",
}


def two_cores():
    """The words that bind a command to two cores, and why that cannot be if so."""
    cores = sorted(os.sched_getaffinity(0))[:2]
    return ["taskset", "-c", ",".join(map(str, cores))], "" if len(cores) == 2 else "there are no two cores"


def cases(context):
    (film, no_film), (short, _) = (street_1080p(context, count) for count in
                                   (FRAMES_QUICK if context.quick else FRAMES, FRAMES_SHORT))
    bound, no_cores = two_cores()
    missing = no_film or no_cores or context.tool("taskset")
    kept = os.path.join(context.scratch, "replicas.lines")

    def contender(name):
        line = f'video url="{film}" pace=fast ! detect model=coco {LINES[name]} ! jsonl path=-'
        options = ["--expect", str(FRAMES_QUICK if context.quick else FRAMES), "--instead", film, short,
                   "--keep" if name == ONE else "--like", kept]
        return Contender(name, context.lines([*bound, context.weir, "run", "--quiet", line], *options), missing,
                         contenders.environment(context, name), 300)

    return [Case("replicas", "decode on one thread, detect on two cores, write", [contender(name) for name in LINES], FIGURES,
                 base=ONCE, rounds=7)]


BARS = [
    Bar("two processes: more frames/s than a process of two threads", "replicas", TWICE, "fps", ONCE, at_least=1.0),
    Bar("two processes: more frames/s than a detector of two threads in a thread", "replicas", TWICE, "fps", ONCE_THREADS,
        at_least=1.0),
    Bar("two processes: at least 0.97 of the frames/s of two in threads", "replicas", TWICE, "fps", TWICE_THREADS, at_least=0.97),
    Bar("two processes find the same", "replicas", TWICE, "same", at_least=0.999),
]
