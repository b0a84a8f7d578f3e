"""From the start of a program to the first frame it has looked at; and what it holds when nothing comes.

The programs are those of main-job. `files` is the size of all programs and libraries loaded, which most of the time is ONNX
Runtime and FFmpeg; `own` what of it was built here. At rest, an RTSP camera has fallen silent.
"""
import os
import sys

from harness.declare import Bar, Case, Contender, Figure
from harness.film import street_1080p

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "main-job"))
import contenders  # noqa: E402

FIRST = [Figure("first_ms", "first frame ms", 0, more=False), Figure("first_cpu_ms", "CPU ms", 0, more=False)]
SIZES = [Figure("files_mib", "files MiB", 0, more=False), Figure("own_kib", "own KiB", 0, more=False)]
REST = [Figure("rest_mib", "at rest MiB", 0, more=False), Figure("rest_cpu", "CPU %", 2, more=False, scale=100)]
REST_S = 2


def contender(context, name, made, missing, *options):
    command, not_built = made
    watch = [sys.executable, context.here("start", "first.py"), "--own", context.build, *options, "--", *command]
    return Contender(name, watch, missing or not_built or context.tool("strip"), contenders.environment(context, name), 60)


def from_file(context):
    film, missing = street_1080p(context, 10)
    made = {"weir": contenders.weir(context, film), "minimal": contenders.minimal(context, film),
            "GStreamer": contenders.gstreamer(context, film), "Python": contenders.python(context, film)}
    return Case("file", "a film of 1080p", [contender(context, name, how, missing) for name, how in made.items()],
                FIRST + SIZES, base="GStreamer", rounds=3)


def from_camera(context):
    interpreter, missing = context.python("gi")
    server = os.path.join(context.root, "tests", "rtsp", "gst_server.py")
    options = ["--camera", interpreter, server, "--rest", str(0.5 if context.quick else REST_S)]
    made = {"weir": contenders.weir(context, "CAMERA", pace="live", link="take=latest"),
            "GStreamer": contenders.gstreamer(context, "CAMERA"), "Python": contenders.python(context, "CAMERA")}
    return Case("camera", "an RTSP camera of 320x240, 25 frames/s",
                [contender(context, name, how, missing, *options) for name, how in made.items()],
                FIRST + REST, base="GStreamer", rounds=3)


def cases(context):
    return [from_file(context), from_camera(context)]


BARS = [
    Bar("film: first frame at most 1.2 times as late as with GStreamer", "file", "weir", "first_ms", "GStreamer", at_most=1.2),
    Bar("camera: first frame not later than with GStreamer", "camera", "weir", "first_ms", "GStreamer", at_most=1.0),
    Bar("at rest not more memory than GStreamer", "camera", "weir", "rest_mib", "GStreamer", at_most=1.0),
    Bar("at rest under 0.5 % of a core", "camera", "weir", "rest_cpu", at_most=0.005),
]
