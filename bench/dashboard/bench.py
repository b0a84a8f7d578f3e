"""The dashboard: what viewers cost its server, how old a picture is on the page, and 50 viewers of 4 cameras.

Cameras are films of 1280x720 at 25 frames/s and 3 Mbit/s, read at their own pace. `us_per_frame` is the processor time of the
server's process for each frame of the camera, `us_each` what is more of it than when nobody watches, for each frame that a viewer
got. Beside weir, a program that does nothing but send the packets of the film to all who are connected (forwarder.c): one that
reads the film itself, and one that is handed the packets over TCP (`apart`), as weir's server is by a link; and GStreamer as it
is often done: decode, write on the picture, encode as JPEG, one part after the other. Viewers read whatever comes; their own
time does not count. `--seconds 60 --only watch` shows the 50 viewers for a minute, `--only serves` and `--only page` the other parts.
"""
import os
import sys

from harness.declare import Bar, Case, Contender, Figure
from harness.film import street

RATE, FILM_S = 25, 63
VIEWERS = (1, 10, 50)
CROWD, CAMERAS = 50, 4
OWN_MS = 63  # longer than it is between frames, and no multiple of it: ages are spread evenly over one interval
FRAMES = 600
BAR_PAGE_MS = 1000 / RATE + 50

COST = [Figure("us_per_frame", "CPU us/frame", 0, more=False), Figure("rest_us_per_frame", "nobody watches", 0, more=False),
        Figure("us_each", "more for each viewer", 1, more=False), Figure("cpu_percent", "CPU %", 1, more=False),
        Figure("least", "least of frames %", 1, scale=100)]
PAGE = [Figure("shown_p50_ms", "on the canvas p50 ms", 1, more=False), Figure("shown_p99_ms", "p99", 1, more=False),
        Figure("shown_max_ms", "most", 1, more=False), Figure("came_p50_ms", "at a viewer p50 ms", 1, more=False),
        Figure("came_p99_ms", "p99", 1, more=False), Figure("shown_per_s", "shown/s", 1), Figure("frames", "frames", 0),
        Figure("wrong", "wrong", 0, more=False), Figure("clock_ms", "clocks ms", 2, more=False)]
WATCHED = [Figure("sent_per_s", "cameras frames/s", 2), Figure("taken_per_s", "own taken/s", 2),
           Figure("let_go_per_s", "own let go/s", 2), Figure("age_p50_ms", "own age p50 ms", 2, more=False),
           Figure("age_p99_ms", "p99", 2, more=False), Figure("cpu_percent", "server CPU %", 1, more=False),
           Figure("least", "least of frames %", 2, scale=100), Figure("missing", "missing", 0, more=False),
           Figure("rss_early_mib", "RSS MiB", 1, more=False), Figure("rss_end_mib", "at the end", 1, more=False)]


def film(context):
    """Of ten frames a second two and a half times as fast; as a camera would send it, a key frame every two seconds."""
    return street(context, "street-720p25.mp4",
                  ["-an", "-vf", "scale=1280:720:flags=bicubic", "-c:v", "libx264", "-preset", "veryfast", "-b:v", "3M",
                   "-maxrate", "4M", "-bufsize", "3M", "-pix_fmt", "yuv420p", "-g", "50", "-keyint_min", "50",
                   "-sc_threshold", "0", "-bf", "0"], before=["-stream_loop", "1", "-r", str(RATE)])


def serve(context, options, server):
    """serve.py with these options, and why it cannot run."""
    viewers, not_built = context.program("dashboard", "viewers")
    return [sys.executable, context.here("dashboard", "serve.py"), *map(str, options), viewers, "--", *server], not_built


# --- what a viewer costs ---

def serving(context, viewers):
    path, no_film = film(context)
    forwarder, not_built = context.program("dashboard", "forwarder")
    gstreamer, no_gstreamer = context.program("dashboard", "dashboard-gstreamer")
    seconds = context.seconds or (1 if context.quick else 6)
    rest = seconds if context.quick else max(3, seconds / 2)
    line = f'video name=cam url="{path}" pace=live loop=true ! dashboard name=page listen=127.0.0.1:0'
    servers = [("weir", "websocket", [context.weir, "run", line], ""), ("forwarder", "lengths", [forwarder, path], not_built),
               ("apart", "lengths", [forwarder, path, "apart"], not_built),
               ("GStreamer", "multipart", [gstreamer, path], no_gstreamer)]
    contenders = []
    for name, form, server, missing in servers:
        options = ["--form", form, "--viewers", viewers, "--rate", RATE, "--rest", rest, "--seconds", seconds]
        command, no_viewers = serve(context, options, server)
        too_long = f"its film ends after {FILM_S} s" if name == "GStreamer" and rest + seconds > FILM_S - 8 else ""
        contenders.append(Contender(f"{name} serves {viewers}", command, no_film or missing or no_viewers or too_long,
                                    timeout_s=rest + seconds + 60))
    return Case(f"serving {viewers}", f"one camera, viewers: {viewers}; {seconds:g} s", contenders, COST,
                base=f"forwarder serves {viewers}", rounds=5)


# --- how old the page's picture is ---

def page(context):
    node = context.deps("browser", "node_modules", "ws")
    missing = context.tool("node") or context.tool("ffmpeg")
    if not missing and not os.path.exists(node):
        missing = "deps/browser is missing (scripts/setup.sh browser brings it)"
    frames = 50 if context.quick else FRAMES
    folder = os.path.dirname(context.cache("coded"))
    command = ["node", context.here("dashboard", "page.mjs"), context.weir, folder, str(frames)]
    return Case("page", f"one camera in a browser, {frames} frames: age in ms, from capture to the canvas",
                [Contender("page shows", command, missing)], PAGE, base="page shows", rounds=3)


# --- many ---

def pipeline(path):
    """Each camera is shown, and its packets go to somebody slow as well. Nothing is decoded: the cores are the viewers'."""
    chains = ["dashboard name=page listen=127.0.0.1:0"]
    for number in range(CAMERAS):
        chains += [f'video name=cam{number} url="{path}" pace=live loop=true ! @page',
                   f'@cam{number} ! slow-consumer name=own{number} delay={OWN_MS}ms label="" take=latest']
    return " ; ".join(chains)


def crowd(context):
    path, no_film = film(context)
    seconds = context.seconds or (3 if context.quick else 600)
    contenders = []
    for viewers, name in ((0, "nobody watches"), (CROWD, f"{CROWD} watch")):
        summary = os.path.join(context.scratch, f"crowd-{viewers}.json")
        server = [context.weir, "run", "--summary", summary, pipeline(path)]
        lasts = seconds if viewers else min(seconds, 60)
        options = ["--viewers", viewers, "--streams", CAMERAS, "--rate", RATE, "--seconds", lasts,
                   "--every", 5 if lasts > 30 else 0.2, "--summary", summary]
        command, no_viewers = serve(context, options, server)
        contenders.append(Contender(name, command, no_film or no_viewers, timeout_s=lasts + 90))
    return Case("crowd", f"{CAMERAS} cameras of 720p, {seconds:g} s", contenders, WATCHED, base="nobody watches", rounds=1)


def cases(context):
    for viewers in (10,) if context.quick else VIEWERS:
        yield serving(context, viewers)
    yield page(context)
    yield crowd(context)


# --- what must hold ---

WATCH, NOBODY = f"{CROWD} watch", "nobody watches"


def crowd_bar(says, figure, **limits):
    return Bar(f"{CROWD} viewers: {says}", "crowd", WATCH, figure, **limits)


def alike(says, figure, at_least=0.97):
    return crowd_bar(says, figure, over=NOBODY, at_least=at_least, at_most=1.03)


BARS = [
    *(Bar(f"viewers: {viewers}: at most 1.5 times {program}", f"serving {viewers}", f"weir serves {viewers}", "us_per_frame",
          f"{name} serves {viewers}", at_most=1.5)
      for name, program in (("forwarder", "bare reading and sending"), ("apart", "bare receiving and sending")) for viewers in VIEWERS),
    Bar(f"page: p50 at most one interval and 50 ms, {BAR_PAGE_MS:.0f} ms", "page", "page shows", "shown_p50_ms",
        at_most=BAR_PAGE_MS),
    Bar("page: every picture is the one that it says", "page", "page shows", "wrong", at_most=0, always=True),
    crowd_bar("each gets at least 98 % of the frames of each camera", "least", at_least=0.98),
    crowd_bar("memory grows by at most 1 MiB after the first minute", "rss_growth_mib", at_most=1),
    alike("cameras send as much, within 3 %", "sent_per_s"),
    alike("another consumer takes as much, within 3 %", "taken_per_s"),
    alike("and lets go as much, within 3 %", "let_go_per_s"),
    alike("the age that it takes frames at, p50 at most 3 % more", "age_p50_ms", at_least=0),
    alike("the same at p99", "age_p99_ms", at_least=0),
]
