"""A process of the main job is killed, or stands still: how long until it works again?

A film goes on as from a camera, is decoded, analysed with the default model, and recorded; each part is in a process of its
own. One of them is killed at a random moment, and again once it is open. `again` is from its end until it is open, `own` the
same without what loading its libraries and its model takes. Standing still is to be found out first: `found`.
"""
import os
import sys

from harness.declare import Bar, Case, Contender, Figure

FIGURES = [Figure("again_p99_ms", "again p99 ms", 0, more=False), Figure("again_p50_ms", "p50 ms", 0, more=False),
           Figure("again_max_ms", "most ms", 0, more=False), Figure("own_p50_ms", "own p50 ms", 0, more=False),
           Figure("own_p99_ms", "own p99 ms", 0, more=False), Figure("found_max_s", "found s", 2, more=False),
           Figure("times", "times", 0)]
TIMES, TIMES_QUICK = 50, 3
PARTS = {"detector killed": ("detect", "KILL"), "decoder killed": ("camera-decode", "KILL"),
         "source killed": ("camera", "KILL"), "detector stopped": ("detect", "STOP")}


def cases(context):
    film, model = context.deps("clips", "street.mp4"), context.deps("models", "coco.onnx")
    missing = "" if os.path.exists(film) and os.path.exists(model) else "the film or the model is missing (make bench brings them)"
    times = str(TIMES_QUICK if context.quick else TIMES)
    return [Case("restart", "a process of the main job ends", [
        Contender(name, [sys.executable, context.here("restart", "restart.py"), context.weir, film, node, how, times], missing,
                  timeout_s=400) for name, (node, how) in PARTS.items()
    ], FIGURES, base="detector killed", rounds=1)]


BARS = [
    *[Bar(f"{name}: open again within 500 ms at p99, with all it loads", "restart", name, "again_p99_ms", at_most=500)
      for name in PARTS],
    Bar("one that stands still is found and ended within 2 s", "restart", "detector stopped", "found_max_s", at_most=2),
    *[Bar(f"{name}: all accounts are true, and the recording misses nothing", "restart", name, "true", at_least=1, always=True)
      for name in PARTS],
]
