"""Instructions for each frame, counted by valgrind: figures that no other load on the machine changes."""
import sys

from harness.declare import Case, Contender, Figure

FIGURES = [Figure("instructions_per_frame", "instructions/frame", 0, more=False),
           Figure("instructions_of_the_start", "thousands to start", 0, more=False, scale=1e-3)]
BARS = []


def cases(context):
    missing = context.tool("valgrind")
    link, no_link = context.program("instructions", "link-steps")
    pipeline, no_pipeline = context.program("instructions", "inline-steps")
    count = [sys.executable, context.here("instructions", "count.py")]

    def counted(name, program, why_not, *arguments):
        return Contender(name, [*count, program, "FRAMES", *arguments], missing or why_not)

    return [
        Case("link", "one link, one thread", [
            counted("weir every: offer and take", link, no_link, "every", "both"),
            counted("weir every: offer", link, no_link, "every", "offer"),
            counted("weir latest: offer and take", link, no_link, "latest", "both"),
            counted("weir latest: offer, the one before let go", link, no_link, "latest", "offer"),
        ], FIGURES, base="weir every: offer and take", rounds=1),
        Case("pipeline", "a whole pipeline, runner inline", [
            counted("weir: source, sink", pipeline, no_pipeline, "1"),
            counted("weir: source, relay, sink", pipeline, no_pipeline, "2"),
            counted("weir: source, 7 relays, sink", pipeline, no_pipeline, "8"),
        ], FIGURES, base="weir: source, sink", rounds=1),
    ]
