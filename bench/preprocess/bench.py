"""A picture of 1920x1080 (I420) to a model's input (planes of floats, RGB, letterboxed), in one thread.

weir's is the very code of the component detect. `differs` is how far an input is from weir's, on average, of 255.
OpenCV is measured twice, because blobFromImage() takes new memory each time: once where the C library keeps what was given
back (what OpenCV's own work costs: the bar is against that), once as it comes.
"""
import os
import subprocess

from harness.declare import Bar, Case, Contender, Figure
from harness.film import street_1080p

FIGURES = [Figure("us", "us/picture", 0, more=False), Figure("differs", "differs", 2, more=False)]
PICTURES, SIDES = 8, (512, 640)


def raw_pictures(context):
    """Eight pictures of the street without a codec, and why they are missing if they are."""
    film, missing = street_1080p(context, 80)
    path = os.path.join(context.scratch, "pictures.yuv")
    command = ["ffmpeg", "-v", "error", "-nostdin", "-y", "-i", film, "-frames:v", str(PICTURES), "-pix_fmt", "yuv420p",
               "-f", "rawvideo", path]
    if not missing and subprocess.run(command, check=False).returncode != 0:
        missing = "ffmpeg could not read the film"
    return path, missing


def case(context, side, pictures, no_pictures):
    count = "16" if context.quick else "120"
    program, no_program = context.program("preprocess", "convert")
    interpreter, no_python = context.python("cv2", "numpy")
    kept = os.path.join(context.scratch, f"input-{side}")

    def compiled(name, how):
        return Contender(name, [program, how, str(side), count, pictures, kept], no_pictures or no_program)

    python = [interpreter, context.here("preprocess", "convert.py"), str(side), count, pictures, kept]
    return Case(str(side), f"to {side}x{side}", [
        compiled("weir", "weir"),
        compiled("libswscale", "swscale"),
        compiled("libswscale, fast", "swscale-fast"),
        Contender("OpenCV, memory kept", python, no_pictures or no_python or no_program, context.keeping_memory()),
        Contender("OpenCV", python, no_pictures or no_python or no_program),
    ], FIGURES, base="weir", rounds=5)


def cases(context):
    pictures, missing = raw_pictures(context)
    return [case(context, side, pictures, missing) for side in SIDES]


BARS = [Bar(f"{side}x{side}: not slower than {peer}", str(side), "weir", "us", peer, at_most=1.0)
        for side in SIDES for peer in ("libswscale", "libswscale, fast", "OpenCV, memory kept")]
