"""Empty frames from one thread to another: how many a second?"""
import json
import sys

from harness.declare import Bar, Case, Contender, Figure
from harness.measure import paired_ratio

FIGURES = [Figure("ns_per_frame", "ns/frame", 0, more=False), Figure("cpu_us_per_frame", "CPU s/million", 3, more=False),
           Figure("age_p50_us", "age p50 us"), Figure("age_p99_us", "p99 us")]
REST = [Figure("cpu_s", "CPU ms", 1, more=False, scale=1000), Figure("wall_s", "s", 2), Figure("taken", "frames", 0)]
REST_S = 5
PACED = 5000
DEPTH = "64"
COUNTS = (1, 2, 4, 8)


def cases(context):
    """GStreamer gets fewer buffers: it takes that much longer for each, and its start is not timed."""
    frames = "50000" if context.quick else "1000000"
    some, buffers, few = ("20000",) * 3 if context.quick else ("300000", "300000", "150000")
    weir, no_weir = context.program("handover", "weir-handover")
    ring, no_ring = context.program("handover", "bare-ring")
    gst, no_gst = context.program("handover", "gst-handover")
    across = [sys.executable, context.here("handover", "across.py")]
    across_frames = "50000" if context.quick else "1000000"
    return [
        Case("link", "one link between two threads", [
            Contender("weir every", [weir, "fan", "1", frames, "every", DEPTH], no_weir),
            Contender("weir latest", [weir, "fan", "1", frames, "latest", DEPTH], no_weir),
            Contender("GStreamer queue", [gst, "fan", "1", buffers, DEPTH], no_gst),
            Contender("bare ring", [ring, frames, DEPTH], no_ring),
            Contender("stamped ring", [ring, frames, DEPTH, "stamped"], no_ring),
        ], FIGURES, base="weir every"),
        Case("across", "one link between two processes", [
            Contender("weir, two processes", [*across, context.weir, across_frames, DEPTH], ""),
            Contender("GStreamer queue, one process", [gst, "fan", "1", buffers, DEPTH], no_gst),
        ], FIGURES, base="weir, two processes", rounds=5),
        paced(context),
        Case("fan-4", "one source, four consumers in threads of their own", [
            Contender("weir fan 4", [weir, "fan", "4", some, "every", DEPTH], no_weir),
            Contender("weir fan 4, pool", [weir, "fan", "4", some, "every", DEPTH, "0", "pool"], no_weir),
            Contender("GStreamer tee, 4 queues", [gst, "fan", "4", few, DEPTH], no_gst),
        ], FIGURES, base="weir fan 4"),
        Case("fan", "one source, 1 to 8 consumers", [
            Contender(f"weir fan {count}", [weir, "fan", str(count), some, "every", DEPTH], no_weir) for count in COUNTS
        ], FIGURES, base="weir fan 1", rounds=3),
        *[Case(f"chain-{count}", f"{count} link{'s' * (count > 1)} one after the other", [
            Contender(f"weir chain {count}", [weir, "chain", str(count), some, "every", DEPTH], no_weir),
            Contender(f"GStreamer, {count} queue{'s' * (count > 1)}", [gst, "chain", str(count), few, DEPTH], no_gst),
        ], FIGURES, base=f"weir chain {count}", rounds=3) for count in COUNTS],
        rest(context, weir, no_weir),
    ]


def paced(context):
    """With start and end, which take weir the longer: it is the CPU of all processes of each."""
    frames = 500 if context.quick else PACED
    line = f"test-source rate=1000 size=0x0 frames={frames} runner=process ! null hold={DEPTH} runner=process"

    def taken(text):
        return {"frames": json.loads(text)["links"][0]["taken"]}

    return Case("paced", "one link between two processes, 1,000 frames/s, with start and end", [
        Contender("weir, paced", [context.weir, "run", "--quiet", "--summary", "-", line], "", read=taken),
        Contender("GStreamer shmsink, paced", [sys.executable, context.here("handover", "shm.py"), str(frames), "1000"],
                  context.tool("gst-launch-1.0"), timeout_s=60),
    ], [Figure("cpu_s", "CPU ms", 0, more=False, scale=1000), Figure("wall_s", "s", 2), Figure("frames", "frames", 0)],
        base="weir, paced", rounds=3)


def rest(context, weir, missing):
    """What it takes to start and end a process is no rest: one that does only that is beside. The source can wait, so
    that the supervisor also watches for stalls."""
    seconds = 1 if context.quick else REST_S
    line = [weir, "fan", "4"]
    return Case("rest", f"at rest for {seconds} s, four consumers asleep", [
        Contender("weir, a frame a second", line + [str(seconds), "every", DEPTH, "1000"], missing),
        Contender("weir, a frame at first", line + ["1", "every", DEPTH, str(seconds * 1000)], missing),
        Contender("weir, ended at once", line + ["1", "every", DEPTH], missing),
    ], REST, base="weir, ended at once", rounds=3)


def accounts():
    told = [("across", "weir, two processes"), ("link", "weir every"), ("link", "weir latest"), ("fan-4", "weir fan 4"), ("fan-4", "weir fan 4, pool")]
    told += [("fan", f"weir fan {count}") for count in COUNTS]
    told += [(f"chain-{count}", f"weir chain {count}") for count in COUNTS]
    return [Bar(f"{case}: the accounts of {name} are true", case, name, "accounts_true", at_least=1, always=True)
            for case, name in told]


BARS = [
    Bar("every: at least 10 times as fast as GStreamer's queue", "link", "GStreamer queue", "ns_per_frame", "weir every",
        at_least=10),
    Bar("every: at most 2.5 times the time of a ring that reads the same clocks", "link", "weir every", "ns_per_frame",
        "stamped ring", at_most=2.5),
    Bar("four consumers: at least 10 times as fast as a tee with four queues", "fan-4", "GStreamer tee, 4 queues",
        "ns_per_frame", "weir fan 4", at_least=10),
    Bar("between processes: at least 5 times as fast as GStreamer's queue within one", "across",
        "GStreamer queue, one process", "ns_per_frame", "weir, two processes", at_least=5),
    Bar("between processes, paced: no more CPU than shmsink and shmsrc", "paced", "weir, paced", "cpu_s", "GStreamer shmsink, paced",
        at_most=1.0),
    *[Bar(f"at rest, {name}: at most 0.5 % of a core, {REST_S * 5} ms in {REST_S} s, beyond start and end", "rest",
          f"weir, {name}", "cpu_s", "weir, ended at once", plus=0.005 * REST_S)
      for name in ("a frame a second", "a frame at first")],
    *accounts(),
]


def notes(results):
    """The plain ring reads no clock and so can tell no age: beside it for information, without a bar."""
    by_name = {result.contender.name: result for result in results if result.case.name == "link" and result.rounds}
    weir, plain = by_name.get("weir every"), by_name.get("bare ring")
    if not weir or not plain:
        return []
    return [f"every: {paired_ratio(weir, plain, 'ns_per_frame'):.3g} times the time of a ring without clocks and accounts"]
