"""Consumers that need 10 ms, 100 ms and 1 s for a frame, on one source of 30 frames/s: how old is what they take?

A frame's age is the time on the monotonic clock from when the source's frame was due to when a consumer takes it. All
consumers sleep; all sources make a new picture of 640x360 for each frame. `--seconds 600 --only weir` shows weir over ten
minutes, and whether its memory grows.
"""
import json

from harness import plot
from harness.declare import Bar, Case, Contender, Figure
from harness.film import make_film

RATE = 30
DELAYS_MS = [10, 100, 1000]
BAR_MS = 1000 / RATE + 2
END_S = 0.5  # more, so that the consumer of 1 s is not due while sources are ending: nothing new comes then


def word(delay_ms):
    return f"{delay_ms} ms" if delay_ms < 1000 else f"{delay_ms // 1000} s"


def figures():
    """In each consumer's turn. One that needs 1 s sees so few frames that its p99 is its maximum."""
    found = []
    for delay_ms in DELAYS_MS:
        found.append(Figure(f"c{delay_ms}_p99", f"{word(delay_ms)}: age p99 ms", 1, more=False))
        found.append(Figure(f"c{delay_ms}_p50", "p50", 1, more=False))
        found.append(Figure(f"c{delay_ms}_frames", "frames", 0))
    return found + [Figure("waiting_max", "most waiting", 0, more=False), Figure("rss_end_mib", "RSS MiB", 1, more=False),
                    Figure("rss_growth_mib", "growth", 2, more=False), Figure("cpu_s", "CPU s", 2, more=False)]


def read_summary(text):
    account, found = json.loads(text), {"waiting_max": 0}
    for link in account["links"]:
        delay_ms, age = link["to"].removeprefix("c"), link["age_ms"]
        found.update({f"c{delay_ms}_{key}": age[key] for key in ("p50", "p99", "max")})
        found[f"c{delay_ms}_frames"] = link["taken"]
        found["waiting_max"] += link["waiting_max"]
    return found


def weir_line(delays_ms):
    consumers = [f"slow-consumer name=c{delay_ms} delay={delay_ms}ms label=\"\" take=latest" for delay_ms in delays_ms]
    return f"test-source rate={RATE} name=cam ! " + " ; @cam ! ".join(consumers)


def weir(context, name, delays_ms, seconds):
    command = [context.weir, "run", "--quiet", "--summary", "-", weir_line(delays_ms)]
    return Contender(name, command, read=read_summary, interrupt_s=seconds)


def film(context):
    """A film of 20 s, and why there is none."""
    return make_film(context, "test-30fps.mp4", ["-f", "lavfi", "-i", f"testsrc2=size=640x360:rate={RATE}", "-t", "20",
                                                 "-c:v", "mpeg4", "-q:v", "4"])


def others(context, seconds):
    delays = [str(delay_ms) for delay_ms in DELAYS_MS]
    gstreamer, no_gstreamer = context.program("liveness", "liveness-gstreamer")
    with_cv2, no_cv2 = context.python("cv2")
    path, no_film = film(context)
    plain, _ = context.python()
    return [
        Contender("GStreamer, leaky queues", [gstreamer, str(seconds), *delays], no_gstreamer),
        Contender("thread pool", [plain, context.here("liveness", "pool.py"), str(seconds), *delays]),
        Contender("OpenCV loop", [with_cv2, context.here("liveness", "loop.py"), str(seconds), path, *delays],
                  no_cv2 or no_film),
    ]


def alone(context):
    """In turns, and short: what disturbs the machine disturbs both."""
    seconds = (1 if context.quick else 4) + END_S
    shown = [figure for figure in figures() if figure.key.startswith("c10_")]
    return Case("alone", f"the consumer of 10 ms, beside the others and alone, {seconds:g} s", [
        weir(context, "weir, beside slow ones", DELAYS_MS, seconds),
        weir(context, "weir, 10 ms alone", DELAYS_MS[:1], seconds),
    ], shown, base="weir, 10 ms alone", rounds=3)


def cases(context):
    seconds = (context.seconds or (3 if context.quick else 10)) + END_S
    contenders = [weir(context, "weir", DELAYS_MS, seconds)] + others(context, seconds)
    for contender in contenders:
        contender.watch_s = 0.5 if seconds < 60 else 5
        contender.timeout_s = seconds + 60
    yield Case("beside", f"three consumers beside each other, {seconds:g} s", contenders, figures(), base="weir", rounds=1)
    if not context.seconds:
        yield alone(context)


BARS = [
    Bar(f"weir: 10 ms a frame, age p99 at most one interval and 2 ms, {BAR_MS:.1f} ms", "beside", "weir", "c10_p99", at_most=BAR_MS),
    Bar("weir: the same for 100 ms a frame", "beside", "weir", "c100_p99", at_most=BAR_MS),
    Bar("weir: the same for 1 s a frame (of so few frames, the oldest)", "beside", "weir", "c1000_p99", at_most=BAR_MS),
    Bar("weir: 10 ms a frame, age p99 beside slow ones at most 1 ms above alone", "alone", "weir, beside slow ones",
        "c10_p99", "weir, 10 ms alone", plus=1),
    Bar("weir: memory grows by less than 1 MiB when warm", "beside", "weir", "rss_growth_mib", at_most=1),
]


# --- the picture ---

def draw_ages(axis, results):
    height = 0.8 / len(DELAYS_MS)
    for number, delay_ms in enumerate(DELAYS_MS):
        shown = [(row, result.median(f"c{delay_ms}_p99")) for row, result in enumerate(results)]
        shown = [(row + (number - 1) * height, age_ms) for row, age_ms in shown if age_ms is not None]
        drawn = axis.barh([at for at, _ in shown], [age_ms for _, age_ms in shown], height, color=plot.COLOURS[number],
                          label=f"needs {word(delay_ms)}")
        axis.bar_label(drawn, [f"{age_ms:,.1f}" for _, age_ms in shown], padding=3, fontsize=7)
    axis.axvline(1000 / RATE, color="#555555", linewidth=0.8, linestyle=":")
    axis.set_yticks(range(len(results)), [result.contender.name for result in results])
    axis.set_xscale("log")
    axis.margins(x=0.1)
    axis.invert_yaxis()
    axis.legend(fontsize=7, frameon=False)
    plot.tidy(axis, "age when taken, p99 in ms, less is better (dotted: one frame interval)")


def draw_memory(axis, results):
    for result, colour in zip(results, plot.COLOURS):
        series = result.rounds[-1].get("rss_series", [])
        axis.plot([at_s for at_s, _ in series], [mib for _, mib in series], color=colour, label=result.contender.name)
    axis.set_yscale("log")
    axis.set_xlabel("s", fontsize=8)
    axis.legend(fontsize=7, frameon=False)
    plot.tidy(axis, "resident memory, MiB")


def draw(path, title, done):
    pyplot = plot.pyplot_or_none()
    results = [result for result in done[0][1] if result.rounds] if done else []
    if not pyplot or not results:
        return False
    figure, axes = pyplot.subplots(2, 1, figsize=(8, 7.5), layout="constrained")
    figure.suptitle(title, fontsize=10)
    draw_ages(axes[0], results)
    draw_memory(axes[1], results)
    return plot.save(pyplot, figure, path)
