"""Empty frames from one thread to another: how many a second?"""
from harness.declare import Bar, Case, Contender, Figure

FIGURES = [Figure("ns_per_frame", "ns/frame", 0, more=False), Figure("age_p50_us", "age p50 us"),
           Figure("age_p99_us", "p99 us"), Figure("cpu_s", "CPU s", 2)]
DEPTH = "64"


def cases(context):
    frames = "50000" if context.quick else "2000000"
    weir, no_weir = context.program("handover", "weir-handover")
    ring, no_ring = context.program("handover", "bare-ring")
    return [
        Case("link", "one link between two threads", [
            Contender("weir every", [weir, "fan", "1", frames, "every", DEPTH], no_weir),
            Contender("weir latest", [weir, "fan", "1", frames, "latest", DEPTH], no_weir),
            Contender("bare ring", [ring, frames, DEPTH], no_ring),
        ], FIGURES, base="weir every"),
    ]


BARS = [
    Bar("every: at most 2.5 times the time of a bare ring", "link", "weir every", "ns_per_frame", "bare ring", at_most=2.5),
]
