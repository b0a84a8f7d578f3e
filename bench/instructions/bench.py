"""Instructions for each frame, counted by valgrind: figures that no other load on the machine changes."""
import sys

from harness.declare import Case, Contender, Figure

FIGURES = [Figure("instructions_per_frame", "instructions/frame", 0, more=False)]
BARS = []


def cases(context):
    missing = context.tool("valgrind")
    link, no_link = context.program("instructions", "link-steps")
    pipeline, no_pipeline = context.program("instructions", "inline-steps")
    count = [sys.executable, context.here("instructions", "count.py")]

    def counted(name, program, why_not, *arguments, within=""):
        return Contender(name, [*count, within, program, "FRAMES", *arguments], missing or why_not)

    return [
        Case("link", "one link, one thread", [
            counted("weir every: offer", link, no_link, "every", within="wr_link_offer"),
            counted("weir every: take", link, no_link, "every", within="wr_link_take"),
            counted("weir latest: offer", link, no_link, "latest", within="wr_link_offer"),
            counted("weir latest: take", link, no_link, "latest", within="wr_link_take"),
        ], FIGURES, base="weir every: offer", rounds=1),
        Case("pipeline", "a whole pipeline on one thread", [
            counted("weir: source, sink", pipeline, no_pipeline, "1"),
            counted("weir: source, relay, sink", pipeline, no_pipeline, "2"),
            counted("weir: source, 7 relays, sink", pipeline, no_pipeline, "8"),
        ], FIGURES, base="weir: source, sink", rounds=1),
    ]
