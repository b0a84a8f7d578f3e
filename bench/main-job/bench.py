"""A film of 1080p: decode, find objects, write them. How many frames a second, at which cost?

Every contender decodes with one thread of FFmpeg's and computes with one thread of the same ONNX Runtime; all but Python
convert with the same code. What starting costs is in bench/start, not in the CPU of a frame. `same` is the share of boxes
that are the same as weir's.
"""
import os
import sys

from harness.declare import Bar, Case, Contender, Figure
from harness.film import street_1080p

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import contenders  # noqa: E402

FIGURES = [Figure("fps", "frames/s"), Figure("cpu_ms_per_frame", "CPU ms/frame", 1, more=False),
           Figure("rss_mib", "peak MiB", 0, more=False), Figure("frames", "frames", 0), Figure("objects", "objects", 0),
           Figure("same", "same", 3)]
FRAMES, FRAMES_FEWER, FRAMES_SHORT, FRAMES_QUICK = 80, 40, 10, 20
# A GStreamer program keeps two pictures waiting, weir eight unless told otherwise.
HELD = "weir, 2 waiting"
# The socket, the codec and the model in a process each.
APART = "weir, processes"


def cases(context):
    frames = FRAMES_QUICK if context.quick else FRAMES
    fewer = FRAMES_QUICK if context.quick else FRAMES_FEWER
    (film, no_film), (part, _), (short, _) = (street_1080p(context, count) for count in (frames, fewer, FRAMES_SHORT))
    alone, no_alone = context.program("main-job", "alone")
    kept = os.path.join(context.scratch, "main-job.lines")

    def contender(name, command, missing, on, *options):
        expect = ["--expect", str(fewer if on == part else frames), "--instead", on, short]
        return Contender(name, context.lines(command, *expect, *options), no_film or missing,
                         contenders.environment(context, name), 300)

    def alike(name, on, made):
        return contender(name, *made, on, "--like", kept)

    return [
        Case("job", "decode, detect, write", [
            contender("weir", *contenders.weir(context, film), film, "--keep", kept),
            alike(HELD, film, contenders.weir(context, film, link="hold=2")),
            alike(APART, film, contenders.weir(context, film, runner="process")),
            alike("minimal", film, contenders.minimal(context, film)),
            alike("GStreamer", film, contenders.gstreamer(context, film)),
            alike("Python", part, contenders.python(context, part)),
            contender("decode alone", [alone, "decode", film], no_alone, film),
            contender("inference alone", [alone, "infer", part, *contenders.model(context)], no_alone, part),
        ], FIGURES, base="minimal", rounds=4),
    ]


BARS = [
    Bar("at least 0.97 of the minimal program's frames/s", "job", "weir", "fps", "minimal", at_least=0.97),
    Bar("at most 1.03 of its CPU a frame", "job", "weir", "cpu_ms_per_frame", "minimal", at_most=1.03),
    Bar("in processes: at least 0.97 of the frames/s in threads", "job", APART, "fps", "weir", at_least=0.97),
    Bar("in processes: at most 1.03 of the CPU a frame in threads", "job", APART, "cpu_ms_per_frame", "weir", at_most=1.03),
    Bar("at least 0.97 of GStreamer's frames/s", "job", "weir", "fps", "GStreamer", at_least=0.97),
    Bar("at most its CPU a frame (and 2 % for noise)", "job", "weir", "cpu_ms_per_frame", "GStreamer", at_most=1.02),
    Bar("at most its memory, with as many pictures waiting", "job", HELD, "rss_mib", "GStreamer", at_most=1.0),
    Bar("at least twice Python's frames/s", "job", "weir", "fps", "Python", at_least=2.0),
    Bar("the minimal program finds the same", "job", "minimal", "same", at_least=0.999),
    Bar("GStreamer finds the same", "job", "GStreamer", "same", at_least=0.999),
    Bar("Python finds about the same", "job", "Python", "same", at_least=0.95),
]
