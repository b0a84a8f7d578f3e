"""Instructions for each frame, counted by valgrind: figures that no other load on the machine changes."""
import sys

from harness.declare import Case, Contender, Figure

FIGURES = [Figure("instructions_per_frame", "instructions/frame", 0, more=False)]
BARS = []


def cases(context):
    missing = context.tool("valgrind")
    link, no_link = context.program("instructions", "link-steps")
    pipeline, no_pipeline = context.program("handover", "weir-handover")
    count = [sys.executable, context.here("instructions", "count.py")]

    def counted(name, program, why_not, *arguments, within=""):
        return Contender(name, [*count, within, program, *arguments], missing or why_not)

    def inline(name, links):
        return counted(name, pipeline, no_pipeline, "chain", links, "FRAMES", "every", "64", "0", "inline")

    return [
        Case("link", "one link, one thread", [
            counted("weir every: offer", link, no_link, "FRAMES", "every", within="wr_link_publish"),
            counted("weir every: take", link, no_link, "FRAMES", "every", within="wr_link_take"),
            counted("weir latest: offer", link, no_link, "FRAMES", "latest", within="wr_link_publish"),
            counted("weir latest: take", link, no_link, "FRAMES", "latest", within="wr_link_take"),
        ], FIGURES, base="weir every: offer", rounds=1),
        Case("pipeline", "a whole pipeline on one thread", [
            inline("weir: source, sink", "1"),
            inline("weir: source, relay, sink", "2"),
            inline("weir: source, 7 relays, sink", "8"),
        ], FIGURES, base="weir: source, sink", rounds=1),
    ]
