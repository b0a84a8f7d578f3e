"""1 to 32 cameras of 640x360 at 5 frames/s and one detector: how old is what it takes, and does it look at all of them?

The detector needs about a tenth of a second for a picture, so from a few cameras on it cannot look at every frame. It
should then look at the newest of each, in turn. Cameras are films of a street, read at their own pace. An age is the time
on the monotonic clock from when a camera's packet was due to when the detector takes the picture, decoding included. Of
32 cameras each is looked at some ten times, so its p99 is its maximum.
"""
import json
import os
import statistics

from harness import plot
from harness.declare import Bar, Case, Contender, Figure
from harness.film import street

RATE = 5
FILMS = 4
FILM_S = 40
# Long enough that every camera is looked at several times: one look more or less must not pass for injustice.
SECONDS = {1: 6, 2: 6, 4: 6, 8: 8, 16: 14, 32: 26}
WITH_OTHERS = (1, 8, 32)
START_S = 2  # what weir may take to load the model before its cameras start

FIGURES = [
    Figure("looks_per_s", "analysed/s", 1),
    Figure("busy_percent", "detector busy %", 0),
    Figure("age_p50_ms", "age p50 ms, median camera", 0, more=False),
    Figure("age_p50_worst_ms", "worst", 0, more=False),
    Figure("age_p99_ms", "age p99 ms, median camera", 0, more=False),
    Figure("age_p99_worst_ms", "worst", 0, more=False),
    Figure("least", "frames, least", 0),
    Figure("most", "most", 0),
    Figure("spread_percent", "furthest from mean %", 0, more=False),
    Figure("stream_cpu_percent", "CPU % a camera", 1, more=False),
    Figure("rss_mib", "RSS MiB", 0, more=False),
]


# --- what the programs print ---

def figures_of(cameras, ran_s, look_ms, streams_cpu_s):
    """cameras: of each a dict of frames, p50 and p99. The processor time is that of all but the detector's thread."""
    frames = [camera["frames"] for camera in cameras]
    mean = statistics.mean(frames)
    seen = [camera for camera in cameras if camera["frames"]]
    found = {
        "looks_per_s": sum(frames) / ran_s,
        "busy_percent": 100 * sum(frames) * look_ms / 1e3 / ran_s,
        "frames": frames,
        "least": min(frames),
        "most": max(frames),
        "apart": max(frames) - min(frames),
        "stream_cpu_percent": 100 * streams_cpu_s / ran_s / len(cameras),
    }
    if seen:
        found["spread_percent"] = 100 * max(abs(one - mean) for one in frames) / mean
    for key in ("p50", "p99") if seen else ():
        found[f"age_{key}_ms"] = statistics.median(camera[key] for camera in seen)
        found[f"age_{key}_worst_ms"] = max(camera[key] for camera in seen)
    return found


def read_summary(text):
    """The cameras ran as long as the frames that they sent last."""
    account = json.loads(text)
    looked = [link for link in account["links"] if link["to"] == "detect"]
    ran_s = max(link["offered"] for link in looked) / RATE
    if not ran_s:
        raise ValueError("no camera had started when it was to end; the machine is too busy")
    detector = next(node for node in account["nodes"] if node["name"] == "detect")
    streams_cpu_s = sum(node["cpu_s"] for node in account["nodes"] if node["component"] in ("video", "decode"))
    cameras = [{"frames": link["taken"], "p50": link["age_ms"]["p50"], "p99": link["age_ms"]["p99"]} for link in looked]
    return figures_of(cameras, ran_s, detector["busy_ms"]["p50"], streams_cpu_s)


def read_program(text):
    return figures_of(**json.loads(text.splitlines()[-1]))


# --- contenders ---

def film(context, number):
    """Each begins elsewhere in the clip."""
    return street(context, f"street-{RATE}fps-{number}.mp4",
                  ["-ss", str(7 * number), "-t", str(FILM_S), "-an", "-vf", f"fps={RATE},scale=640:360", "-c:v", "libx264",
                   "-preset", "veryfast", "-tune", "zerolatency", "-g", str(2 * RATE)], before=["-stream_loop", "2"])


def films(context):
    """Their paths, and why they are missing."""
    made = [film(context, number) for number in range(FILMS)]
    return [path for path, _ in made], next((missing for _, missing in made if missing), "")


def weir(context, paths, seconds, missing):
    chains = []
    for number, path in enumerate(paths):
        to = "@detect take=latest" if number else "detect name=detect take=latest ! null"
        chains.append(f'video name=camera{number} url="{path}" pace=live loop=true max_size=640x360 ! {to}')
    command = [context.weir, "run", "--quiet", "--summary", "-", " ; ".join(chains)]
    return Contender("weir", command, missing, read=read_summary, interrupt_s=seconds + START_S, timeout_s=seconds + 90)


def gstreamer(context, paths, seconds, missing):
    program, not_built = context.program("cameras", "cameras-gstreamer")
    too_long = f"its films end after {FILM_S} s" if seconds > FILM_S - 2 else ""
    command = [program, str(seconds), os.path.join(context.root, "models", "coco.yaml"), context.deps("models", "coco.onnx"), *paths]
    runtime = {"WEIR_ONNXRUNTIME": context.deps("onnxruntime", "lib", "libonnxruntime.so")}
    return Contender("GStreamer, by hand", command, not_built or missing or too_long, runtime, timeout_s=seconds + 90,
                     read=read_program)


def cases(context):
    made, missing = films(context)
    for count in (1, 4) if context.quick else SECONDS:
        seconds = context.seconds or (3 if context.quick else SECONDS[count])
        paths = [made[number % FILMS] for number in range(count)]
        contenders = [weir(context, paths, seconds, missing)]
        if context.quick or count in WITH_OTHERS:
            contenders.append(gstreamer(context, paths, seconds, missing))
        title = f"{count} camera{'s' if count > 1 else ''}, {seconds:g} s"
        yield Case(f"{count}", title, contenders, FIGURES, base="weir", rounds=1)


BARS = [
    Bar("32 cameras: no camera's share is further than 20 % from the mean", "32", "weir", "spread_percent", at_most=20),
    Bar("32 cameras: every one is looked at", "32", "weir", "least", at_least=1),
    Bar("32 cameras: none is looked at more than two times more than another", "32", "weir", "apart", at_most=2),
]


# --- what follows from several cases ---

def by_contender(results):
    """{name: {cameras: result}}"""
    found = {}
    for result in results:
        if result.rounds:
            found.setdefault(result.contender.name, {})[int(result.case.name)] = result
    return found


def notes(results):
    lines = []
    for name, found in by_contender(results).items():
        few, many = min(found), max(found)
        if few < many:
            each = (found[many].median("rss_mib") - found[few].median("rss_mib")) / (many - few)
            lines.append(f"{name}: {each:.1f} MiB more for each camera, from {few} to {many}")
    return lines


def draw(path, title, done):
    pyplot = plot.pyplot_or_none()
    found = by_contender([result for _, results in done for result in results])
    if not pyplot or not found:
        return False
    panels = [("age_p50_ms", "age when taken, ms: p50 of the median camera"), ("age_p99_worst_ms", "p99 of the worst camera"),
              ("looks_per_s", "pictures analysed a second"), ("rss_mib", "resident memory, MiB")]
    figure, axes = pyplot.subplots(2, 2, figsize=(9, 6.5), layout="constrained")
    figure.suptitle(title, fontsize=9)
    for (key, says), axis in zip(panels, axes.flat):
        for (name, results), colour in zip(found.items(), (plot.COLOURS[0], plot.COLOURS[2])):
            axis.plot(list(results), [result.median(key) for result in results.values()], "o-", color=colour, label=name)
        axis.set_xscale("log", base=2)
        axis.set_xticks(list(SECONDS), list(SECONDS))
        axis.set_ylim(bottom=0)
        axis.set_xlabel("cameras", fontsize=8)
        plot.tidy(axis, says)
    axes.flat[0].legend(fontsize=8, frameon=False)
    return plot.save(pyplot, figure, path)
