#!/usr/bin/env python3
"""Cameras and servers as they are in life, mute, dead, slow and back again: rtsp_test.py WEIR [PART-OF-A-NAME]. Prints TAP."""

import http.server
import json
import os
import queue
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

from fakecam import FakeCam, access_units

WEIR = sys.argv[1]
HERE = os.path.dirname(os.path.abspath(__file__))
FOLDER = tempfile.mkdtemp(prefix="weir-rtsp-")
LIMIT_S = 60  # nothing here takes that long, unless it hangs
CANARY = "hunter2-canary"


class Skip(Exception):
    pass


def expect(what, condition, *seen):
    if not condition:
        raise AssertionError(what + "".join("\n" + str(thing) for thing in seen))


def equal(what, seen, wanted, *more):
    expect(f"{what}: {seen!r} instead of {wanted!r}", seen == wanted, *more)


def path(name):
    return os.path.join(FOLDER, name)


def ffmpeg(*arguments):
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y", *arguments], check=True)


def film(name, *options, frames=50):
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=160x120:r=25", "-frames:v", str(frames), *options, path(name))
    return path(name)


X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-bf", "0", "-g", "25", "-x264-params",
        "aud=1:scenecut=0")


class Run:
    """weir run, whose lines can be waited for."""

    def __init__(self, line, *arguments, command="run", **environment):
        self.summary_path = path("summary.json")
        if os.path.exists(self.summary_path):
            os.unlink(self.summary_path)
        more = ["--summary", self.summary_path] if command == "run" else []
        self.process = subprocess.Popen([WEIR, command, *more, *arguments, line], stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, env={**os.environ, **environment})
        self.out, self.err, self.news = [], [], queue.Queue()
        self.readers = [self.read(self.process.stdout, self.out), self.read(self.process.stderr, self.err)]

    def read(self, pipe, lines):
        def copy():
            for line in pipe:
                lines.append(line)
                self.news.put(line)
            self.news.put(None)

        thread = threading.Thread(target=copy, daemon=True)
        thread.start()
        return thread

    def wait_for(self, text):
        ends, deadline = 0, time.monotonic() + LIMIT_S
        while ends < 2:
            try:
                line = self.news.get(timeout=max(deadline - time.monotonic(), 0.01))
            except queue.Empty:
                self.process.kill()
                raise AssertionError(f"{text!r} did not come:\n{''.join(self.err)}") from None
            ends += line is None
            if line and text in line:
                return line
        raise AssertionError(f"ended without {text!r}:\n{''.join(self.err)}")

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        return self.end()

    def end(self):
        """Exit status, and the summary."""
        try:
            status = self.process.wait(timeout=LIMIT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        for reader in self.readers:
            reader.join()
        self.error = "".join(self.err)
        if not os.path.exists(self.summary_path) or not os.path.getsize(self.summary_path):
            return status, None
        with open(self.summary_path, encoding="utf-8") as text:
            summary = json.load(text)
        for link in summary["links"]:
            equal("account", link["offered"], link["taken"] + link["waiting"] + sum(link["dropped"].values()))
        return status, {node["name"]: node for node in summary["nodes"]} | {"end": summary["end"]}


def free_port():
    with socket.socket() as end:
        end.bind(("127.0.0.1", 0))
        return end.getsockname()[1]


def units():
    if not units.all:
        film("units.h264", *X264)
        with open(path("units.h264"), "rb") as data:
            units.all = access_units(data.read())
    return units.all


units.all = []


def steady(stream):
    """25 pictures a second without end."""
    for number in range(1_000_000):
        stream.send(units()[number % 50])
        time.sleep(0.04)


TESTS = []


def test(function):
    TESTS.append(function)
    return function


# --- starting ---


@test
def the_first_picture_comes_without_probing():
    # The camera sends three pictures and then nothing more. Whoever wants to look at a stream for a while first would
    # never show one of them: the fourth does not come.
    def script(stream):
        for unit in units()[:3]:
            stream.send(unit)
        stream.wait_until_gone()

    with FakeCam(units(), script) as camera:
        run = Run(f"video name=c url={camera.url()} timeout=60s ! debugger ; @c ! video-out path={path('first.mkv')}")
        run.wait_for("Debugger 1")
        status, nodes = run.stop()
        equal("status", status, 0, run.error)
        equal("end", nodes["end"], "stopped")
        expect("pictures", nodes["c-decode"]["frames_in"] >= 1, nodes)
        setup = next(header for method, header in camera.requests if method == "SETUP")
        expect("over TCP", "RTP/AVP/TCP" in setup["transport"], setup)


@test
def udp_if_it_is_asked_for():
    with FakeCam(units(), steady) as camera:
        run = Run(f"video name=c url={camera.url()} transport=udp retry=false ! debugger")
        status, _ = run.end()
        equal("status", status, 1)
        setup = next(header for method, header in camera.requests if method == "SETUP")
        expect("over UDP", "TCP" not in setup["transport"] and "client_port" in setup["transport"], setup)


@test
def a_real_server_is_read():
    server, port = None, free_port()
    for python in (sys.executable, "/usr/bin/python3"):
        server = subprocess.Popen([python, os.path.join(HERE, "gst_server.py"), str(port)], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        if server.stdout.readline() == "ready\n":
            break
        server.communicate()
        server = None
    if not server:
        raise Skip("GStreamer's RTSP server is not installed")
    try:
        run = Run(f"video name=c url=rtsp://127.0.0.1:{port}/ball ! debugger ; @c ! video-out path={path('real.mkv')}")
        run.wait_for("Debugger 25")
        status, nodes = run.stop()
    finally:
        server.communicate()
    equal("status", status, 0, run.error)
    equal("standard error", run.error, "")
    expect("pictures", nodes["c-decode"]["frames_out"] >= 10, nodes)
    equal("no picture vanishes", nodes["c-decode"]["frames_in"],
          nodes["c-decode"]["frames_out"] + nodes["c-decode"]["lost"])


# --- outages ---


@test
def a_camera_that_comes_back_is_shown_again():
    camera = FakeCam(units(), steady)
    run = Run(f"video name=c url={camera.url()} ! debugger")
    run.wait_for("Debugger 5")
    camera.switch_off()
    run.wait_for("trying again until it answers")
    # So long that it has tried in vain at least once.
    deadline = time.monotonic() + LIMIT_S
    with socket.socket() as refusing:
        refusing.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        refusing.bind(("127.0.0.1", camera.port))
        refusing.listen()
        refusing.settimeout(deadline - time.monotonic())
        refusing.accept()[0].close()
    with FakeCam(units(), steady, port=camera.port):
        run.wait_for("it is back, after ")
        run.wait_for("Debugger ")
        status, nodes = run.stop()
    equal("status", status, 0, run.error)
    equal("said once", run.error.count("trying again"), 1, run.error)
    equal("counted once", nodes["c"]["errors"], 1)
    numbers = [int(line.split()[1]) for line in run.out]
    equal("numbers go on", numbers, list(range(1, len(numbers) + 1)))


@test
def what_is_decoded_after_an_outage_begins_anew():
    def a_few(stream):
        for unit in units()[:30]:
            stream.send(unit)

    with FakeCam(units(), a_few) as camera:
        run = Run(f"video name=c url={camera.url()} ! debugger ; @c ! video-out path={path('again.mkv')}")
        run.wait_for("Debugger 60")
        status, nodes = run.stop()
    equal("status", status, 0, run.error)
    equal("none is lost in between", nodes["c-decode"]["lost"], 0, nodes)
    equal("all that were taken come out", nodes["c-decode"]["frames_out"], nodes["c-decode"]["frames_in"])


@test
def a_server_that_says_nothing_is_left():
    with FakeCam(units(), steady, mute=True) as camera:
        run = Run(f"video name=c url={camera.url()} timeout=200ms retry=false ! debugger")
        status, nodes = run.end()
        equal("status", status, 1)
        expect("says why", "no answer within 0.2 s; check url= and the network" in run.error, run.error)
        run = Run(f"video name=c url={camera.url()} timeout=200ms ! debugger")
        run.wait_for("no answer within 0.2 s; trying again until it answers")
        status, nodes = run.stop()
        equal("status", status, 0, run.error)
        equal("frames", nodes["c"]["frames_out"], 0)


@test
def a_stream_that_falls_silent_is_opened_again():
    def script(stream):
        for unit in units()[:10]:
            stream.send(unit)
        if len(stream.camera.streams) == 1:
            stream.wait_until_gone()
        steady(stream)

    with FakeCam(units(), script) as camera:
        run = Run(f"video name=c url={camera.url()} timeout=300ms ! debugger")
        run.wait_for("no answer within 0.3 s")
        run.wait_for("it is back")
        status, nodes = run.stop()
    equal("status", status, 0, run.error)
    equal("errors", nodes["c"]["errors"], 1)


@test
def a_dead_server_does_not_keep_us():
    port = free_port()
    run = Run(f"video name=c url=rtsp://127.0.0.1:{port}/live ! debugger")
    run.wait_for("Connection refused; trying again until it answers")
    status, nodes = run.stop()
    equal("status", status, 0, run.error)
    equal("end", nodes["end"], "stopped")
    equal("frames", nodes["c"]["frames_out"], 0)
    equal("errors", nodes["c"]["errors"], 1)
    # A mute one neither: the stop ends the call that waits.
    with FakeCam(units(), steady, mute=True) as camera:
        run = Run(f"video name=c url={camera.url()} timeout=600s ! debugger")
        expect("connected", camera.connected.wait(LIMIT_S))
        status, nodes = run.stop()
        equal("status", status, 0, run.error)
    run = Run(f"video name=c url=rtsp://127.0.0.1:{port}/live retry=false ! debugger")
    status, nodes = run.end()
    equal("status", status, 1)
    expect("one sentence", "cannot read rtsp://127.0.0.1" in run.error and "Connection refused" in run.error, run.error)
    equal("end", nodes["end"], "failed")


# --- accounts ---


@test
def what_a_feed_cannot_keep_is_counted():
    # Nobody takes packets while the consumer on the same thread sleeps; the feed keeps 512.
    def script(stream):
        for number in range(1500):
            stream.send(units()[number % 50])

    with FakeCam(units(), script) as camera:
        run = Run(f"video name=c url={camera.url()} retry=false ! slow-consumer runner=inline delay=2ms",
                  "--log-level", "error")
        status, nodes = run.end()
        equal("status", status, 0, run.error)
        equal("sent", camera.streams[0].sent, 1500)
        expect("some were lost", nodes["c"]["lost"] > 0, nodes)
        equal("account", nodes["c"]["frames_out"] + nodes["c"]["lost"], 1500)
        # Stopped in the middle: what waited is lost.
    with FakeCam(units(), script) as camera:
        run = Run(f"video name=c url={camera.url()} ! slow-consumer runner=inline delay=50ms ; @c ! debugger")
        run.wait_for("Debugger 3")
        status, nodes = run.stop()
        equal("status", status, 0, run.error)
        expect("what waited is counted", nodes["c"]["lost"] > 0, nodes)


@test
def delay_on_the_way_is_shown():
    def script(stream):
        for unit in units()[:20]:
            stream.send(unit)
            time.sleep(0.04)
        time.sleep(0.4)
        stream.send(units()[20])
        stream.send(units()[21])
        stream.wait_until_gone()

    with FakeCam(units(), script) as camera:
        run = Run(f"video name=c url={camera.url()} ! debugger")
        run.wait_for("Debugger 21")
        status, nodes = run.stop()
    equal("status", status, 0, run.error)
    expect("hidden_ms", 300 < nodes["c"]["hidden_ms"] < 60000, nodes["c"])


# --- passwords ---


@test
def passwords_are_never_shown():
    seen = []
    with FakeCam(units(), steady, user="me:" + CANARY) as camera:
        line = f"video name=c url={camera.url('me:${CAM}@')} ! debugger"
        run = Run(line, "--log-level", "debug", CAM=CANARY)
        run.wait_for("Debugger 3")
        with open(f"/proc/{run.process.pid}/cmdline", encoding="utf-8") as text:
            seen.append(text.read())
        camera.switch_off()
        run.wait_for("trying again")
        status, nodes = run.stop()
        equal("status", status, 0, run.error)
        seen += [run.error, "".join(run.out), json.dumps(nodes)]
        expect("it was sent", any("authorization" in header for _, header in camera.requests), camera.requests)
    with FakeCam(units(), steady, user="me:other") as camera:
        for more in ("retry=false", "retry=false transport=udp"):
            run = Run(f"video name=c url={camera.url('me:${CAM}@')} {more} ! debugger", "--log-level", "debug", CAM=CANARY)
            status, nodes = run.end()
            equal("status", status, 1)
            seen += [run.error, "".join(run.out), json.dumps(nodes)]
        expect("says why", "401" in run.error or "nauthorized" in run.error, run.error)
    for kind in ("http", "gopher", "rtsp"):
        run = Run(f"video name=c url={kind}://me:${{CAM}}@127.0.0.1:{free_port()}/x retry=false ! debugger", CAM=CANARY)
        run.end()
        seen.append(run.error)
    for text in seen:
        expect("no password", CANARY not in text, text)


# --- HTTP ---


class Pages(http.server.ThreadingHTTPServer):
    """Serves pages: path -> bytes, or a function that writes to the client."""

    daemon_threads = True

    def __init__(self, pages):
        self.pages, self.asked = pages, []
        super().__init__(("127.0.0.1", 0), Page)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def url(self, name, user=""):
        return f"http://{user}127.0.0.1:{self.server_address[1]}/{name}"

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()

    def handle_error(self, *_):
        pass  # clients may leave


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        page = self.server.pages.get(self.path.lstrip("/"))
        if page is None:
            self.send_error(404)
        elif callable(page):
            page(self)
        else:
            self.send_response(200)
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)

    def log_message(self, *_):
        pass


def content(name):
    with open(path(name), "rb") as data:
        return data.read()


@test
def files_on_a_server_are_read_to_their_end():
    film("clip.mp4", *X264, "-movflags", "faststart")
    ffmpeg("-i", path("clip.mp4"), "-c", "copy", path("clip.ts"))
    with Pages({"clip.mp4": content("clip.mp4"), "clip.ts": content("clip.ts")}) as pages:
        for name in ("clip.mp4", "clip.ts"):
            run = Run(f"video name=c url={pages.url(name)} pace=fast ! debugger ; @c ! video-out path={path('o.mkv')}")
            status, nodes = run.end()
            equal("status", status, 0, run.error)
            equal("end", nodes["end"], "end-of-stream")
            equal("packets", nodes["c"]["frames_out"], 50)
            equal("lost", nodes["c"]["lost"] + nodes["c-decode"]["lost"], 0)
        run = Run(f"video name=c url={pages.url('none.mp4')} retry=false ! debugger")
        status, _ = run.end()
        equal("status", status, 1)
        expect("says why", "404" in run.error, run.error)


@test
def a_camera_of_jpegs_is_read():
    film("p%02d.jpg", "-pix_fmt", "yuvj420p", frames=10)
    pictures = [content(f"p{number:02}.jpg") for number in range(1, 11)]

    def camera(page):
        page.send_response(200)
        page.send_header("Content-Type", "multipart/x-mixed-replace; boundary=next")
        page.end_headers()
        for number in range(1_000_000):
            jpeg = pictures[number % 10]
            page.wfile.write(b"--next\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(jpeg) + jpeg + b"\r\n")
            time.sleep(0.02)

    with Pages({"video": camera}) as pages:
        run = Run(f"video name=c url={pages.url('video')} ! debugger ; @c ! video-out path={path('jpegs.mkv')}")
        run.wait_for("Debugger 30")
        status, nodes = run.stop()
    equal("status", status, 0, run.error)
    equal("lost", nodes["c-decode"]["lost"], 0)
    expect("pictures", nodes["c-decode"]["frames_out"] >= 20, nodes)


@test
def a_playlist_leads_nowhere():
    film("clip.ts", *X264)
    lists = {}
    for name, target in (("passwd", "file:///etc/passwd"), ("clip", "file://" + path("clip.ts")), ("loop", "secret.ts")):
        lists[name + ".m3u8"] = f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{target}\n#EXT-X-ENDLIST\n".encode()
        lists[name + ".ffconcat"] = f"ffconcat version 1.0\nfile '{target}'\n".encode()
    lists["x.sdp"] = b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n"
    with Pages({**lists, "secret.ts": content("clip.ts")}) as pages:
        for name in lists:
            run = Run(f"video name=c url={pages.url(name)} retry=false ! debugger")
            status, nodes = run.end()
            equal(name, (status, nodes["c"]["frames_out"]), (1, 0), run.error)
            expect("says why", "a playlist, a single picture, or another format that is not read" in run.error, run.error)
        expect("nothing else was asked for", not any("secret" in page for page in pages.asked), pages.asked)
        # A redirection to a file does not lead there either.
        def elsewhere(page):
            page.send_response(302)
            page.send_header("Location", "file://" + path("clip.ts"))
            page.end_headers()

        pages.pages["moved"] = elsewhere
        run = Run(f"video name=c url={pages.url('moved')} retry=false ! debugger")
        status, nodes = run.end()
        equal("redirection", (status, nodes["c"]["frames_out"]), (1, 0), run.error)


# --- weir probe ---


def probe(*arguments, status=0, **environment):
    result = subprocess.run([WEIR, "probe", *arguments], capture_output=True, text=True, timeout=LIMIT_S,
                            env={**os.environ, **environment})
    equal("status", result.returncode, status, result.stdout, result.stderr)
    return result


@test
def a_file_is_probed():
    film("b.mp4", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-profile:v", "main", "-g", "10",
         "-x264-params", "bframes=2:b-adapt=0:b-pyramid=none:scenecut=0", "-r", "25")
    seen = json.loads(probe("--json", path("b.mp4")).stdout)
    for key, wanted in {"url": path("b.mp4"), "readable": True, "error": None, "codec": "h264", "profile": "Main",
                        "width": 160, "height": 120, "rotation": 0, "rate": 25.0, "frames": 50, "key_frames": 5,
                        "key_interval_frames": 10.0, "key_interval_s": 0.4, "b_frames": True, "undecodable_frames": 0,
                        "duration_s": 2.0}.items():
        equal(key, seen[key], wanted)
    expect("mp4", "mp4" in seen["container"], seen)
    expect("B-frames", 25 <= seen["discardable_frames"] <= 35, seen)
    text = probe(path("b.mp4")).stdout
    for part in ("h264, Main profile", "160x120", "25.00 frames/s", "every 10 frames (0.40 s)", "B-frames       yes",
                 "duration       2.00 s"):
        expect(part, part in text, text)
    # Turned, without B-frames, with another rate than is declared.
    film("p.mp4", *X264)
    ffmpeg("-i", path("p.mp4"), "-c", "copy", "-metadata:s:v:0", "rotate=90", path("turned.mp4"))
    seen = json.loads(probe("--json", path("turned.mp4")).stdout)
    equal("upright", (seen["width"], seen["height"], seen["rotation"] in (90, 270)), (120, 160, True))
    equal("B-frames", (seen["b_frames"], seen["discardable_frames"]), (False, 0))


@test
def a_camera_is_probed():
    with FakeCam(units(), steady, user="me:" + CANARY) as camera:
        result = probe("--json", camera.url("me:${CAM}@"), CAM=CANARY)
        seen = json.loads(result.stdout)
        expect("no password", CANARY not in result.stdout + result.stderr, result.stdout, result.stderr)
        equal("what it sends", [seen[key] for key in ("container", "codec", "width", "height", "duration_s", "b_frames")],
              ["rtsp", "h264", 160, 120, None, False])
        equal("profile", seen["profile"], "Constrained Baseline" if seen["profile"] != "Baseline" else "Baseline")
        equal("key interval", seen["key_interval_frames"], 25.0)
        expect("first picture", 0 < seen["first_packet_ms"] <= seen["first_picture_ms"], seen)
        typed = probe(camera.url(f"me:{CANARY}@"), "--timeout", "300ms")
        expect("no password", CANARY not in typed.stdout + typed.stderr, typed.stdout, typed.stderr)
        expect("a warning", "a password was typed" in typed.stderr, typed.stderr)


@test
def what_cannot_be_read_is_told_by_probe():
    with open(path("note.txt"), "w", encoding="utf-8") as out:
        out.write("this is text")
    refused = [(path("note.txt"), "is no video that can be read"), (path("none.mp4"), "No such file or directory"),
               (FOLDER, "is a folder"), ("gopher://me:" + CANARY + "@host/", "this kind of address is not known"),
               (f"rtsp://127.0.0.1:{free_port()}/", "Connection refused"), ("", "")]
    for url, why in refused:
        result = probe(url, status=2)
        equal("standard output", result.stdout, "")
        lines = [line for line in result.stderr.splitlines() if "a password was typed" not in line]
        expect(f"one sentence: {why}", len(lines) == 1 and why in lines[0], result.stderr)
        expect("no password, no option", CANARY not in result.stderr and "check url=" not in result.stderr, result.stderr)
    seen = json.loads(probe("--json", path("none.mp4"), status=2).stdout)
    equal("readable", seen["readable"], False)
    expect("error", "No such file" in seen["error"], seen)
    with FakeCam(units(), steady, mute=True) as camera:
        result = probe("--timeout", "200ms", camera.url(), status=2)
        expect("no answer", "no answer within 0.2 s" in result.stderr, result.stderr)
    # No key frame comes, so no picture.
    def script(stream):
        for unit in units()[1:20]:
            stream.send(unit)

    with FakeCam(units(), script) as camera:
        result = probe(camera.url(), status=1)
        expect("no picture", "no picture could be decoded" in result.stderr, result.stderr)
        expect("what came is told", "h264" in result.stdout and "none in 19 frames" in result.stdout, result.stdout)
        expect("rate", "rate           25.00 frames/s" in result.stdout, result.stdout)


@test
def probe_takes_what_is_misused_for_it():
    for arguments in ([], ["a", "b"], ["--timeout", "5", "a"], ["--transport", "tls", "a"], ["--nonsense", "a"]):
        equal("lines", len(probe(*arguments, status=2).stderr.splitlines()), 1)


def main():
    if not shutil.which("ffmpeg"):
        print("1..0 # SKIP needs ffmpeg")
        return
    if "TSAN_OPTIONS" in os.environ:
        print("1..0 # SKIP ThreadSanitizer holds Ctrl-C back from a thread that sleeps on a futex")
        return
    print(f"1..{len(TESTS)}")
    failed = 0
    for number, function in enumerate(TESTS, 1):
        name = function.__name__.replace("_", " ")
        try:
            function()
            print(f"ok {number} - {name}", flush=True)
        except Skip as why:
            print(f"ok {number} - {name} # SKIP {why}", flush=True)
        except (AssertionError, subprocess.SubprocessError, OSError, ValueError, KeyError, StopIteration) as error:
            failed += 1
            print(f"not ok {number} - {name}", flush=True)
            for line in str(error).splitlines():
                print("# " + line, flush=True)
    shutil.rmtree(FOLDER, ignore_errors=True)
    sys.exit(failed != 0)


if len(sys.argv) > 2:
    TESTS = [function for function in TESTS if sys.argv[2] in function.__name__]
main()
