"""A frame each millisecond to a consumer that sleeps in between: how long until it has it?"""
from harness.declare import Bar, Case, Contender, Figure

FIGURES = [Figure("p50_us", "p50 us", 1, more=False), Figure("p90_us", "p90 us", more=False),
           Figure("p99_us", "p99 us", more=False),
           Figure("max_us", "max us", 0, more=False), Figure("cpu_s", "CPU s", 2, more=False), Figure("frames", "frames", 0)]


def cases(context):
    """appsrc is a thread of its own, so that a queue behind it makes two hops: as it is usually written, and with one."""
    frames = "300" if context.quick else "3000"
    programs = {"weir": "weir-wakeup", "bare futex": "bare-futex", "GStreamer appsrc, queue": "gst-wakeup",
                "GStreamer appsrc alone": "gst-wakeup-direct"}
    contenders = {}
    for name, program in programs.items():
        path, missing = context.program("wakeup", program)
        contenders[name] = Contender(name, [path, frames], missing)
    return [
        Case("wakeup", "from just before the send until the consumer has it",
             [contenders[name] for name in ("weir", "bare futex", "GStreamer appsrc, queue")], FIGURES,
             base="bare futex", rounds=5),
        Case("one-hop", "the same, GStreamer without a queue", [contenders["weir"], contenders["GStreamer appsrc alone"]],
             FIGURES, base="weir", rounds=2),
    ]


BARS = [
    Bar("p50: at most 2 us more than a bare futex", "wakeup", "weir", "p50_us", "bare futex", plus=2.0),
    Bar("p99: at most GStreamer's", "wakeup", "weir", "p99_us", "GStreamer appsrc, queue", at_most=1.0),
    Bar("p99: at most GStreamer's with one hop", "one-hop", "weir", "p99_us", "GStreamer appsrc alone", at_most=1.0),
]
