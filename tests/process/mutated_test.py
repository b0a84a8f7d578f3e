"""Workers that are fed faults: mutated films to video and decode, mutated models to detect. The engine never ends by itself or
stands still, its accounts stay exact, and every fault is named. usage: mutated_test.py WEIR (TAP)

WEIR_TEST_MUTATED: how many films and models (60,20); WEIR_TEST_SEED: other ones (1); WEIR_TEST_FROM: the first number (0).
WEIR_TEST_KEEP: a folder; what made a worker crash, or showed a defect, is kept there.
mutated_test.py WEIR film|model NUMBER FILE writes what has that number, and runs nothing.
"""
import collections
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import mutate

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tools"))
from tfjs2onnx import onnxfile as onnx  # noqa: E402

WEIR = sys.argv[1]
FILMS, MODELS = (int(word) for word in os.environ.get("WEIR_TEST_MUTATED", "60,20").split(","))
SEED = os.environ.get("WEIR_TEST_SEED", "1")
FROM = int(os.environ.get("WEIR_TEST_FROM", "0"))
KEEP = os.environ.get("WEIR_TEST_KEEP")
SANITIZED = os.environ.get("WEIR_SANITIZED")
AT_ONCE, LIMIT_S, SLOW_S, MEMORY = 12, 120 if SANITIZED else 60, 5, 4 << 30

# --- films ---

SOURCE = ["-f", "lavfi", "-i", "testsrc2=size=64x64:rate=25", "-frames:v", "24", "-g", "8", "-threads", "1",
          "-fflags", "+bitexact", "-flags", "+bitexact"]
CLIPS = {
    "h264.mp4": "-c:v libx264 -bf 2", "h264.mkv": "-c:v libx264 -bf 2", "h264.ts": "-c:v libx264 -bf 2",
    "h264.avi": "-c:v libx264 -bf 0", "h264.flv": "-c:v libx264", "raw.h264": "-c:v libx264 -bf 2 -x264-params slices=2",
    "fragments.mp4": "-c:v libx264 -movflags frag_keyframe+empty_moov",
    "interlaced.mp4": "-c:v libx264 -x264-params tff=1:cabac=0",
    "hevc.mp4": "-c:v libx265 -x265-params log-level=error:pools=1:frame-threads=1",
    "raw.hevc": "-c:v libx265 -x265-params log-level=error:pools=1:frame-threads=1",
    "mjpeg.avi": "-c:v mjpeg -pix_fmt yuvj420p", "mjpeg.mp4": "-c:v mjpeg -pix_fmt yuvj422p",
    "vp9.webm": "-c:v libvpx-vp9 -deadline realtime -cpu-used 8", "vp8.mkv": "-c:v libvpx",
    "av1.mkv": "-c:v libaom-av1 -cpu-used 8 -usage realtime", "av1.mp4": "-c:v libaom-av1 -cpu-used 8 -usage realtime",
    "mpeg4.avi": "-c:v mpeg4", "mpeg2.ts": "-c:v mpeg2video", "theora.ogg": "-c:v libtheora",
}


def payload_of(path):
    """Where the packets are, as far as ffprobe says."""
    probe = subprocess.run(["ffprobe", "-v", "error", "-select_streams", "v", "-show_entries", "packet=pos,size",
                            "-of", "csv=p=0", path], capture_output=True, text=True, check=False)
    found = re.findall(r"^(\d+),(\d+)", probe.stdout, re.M)
    return sorted((int(at), int(at) + int(size)) for size, at in found if int(size))


def make_films(folder):
    """Those that the ffmpeg here can make."""
    films = []
    for name, options in CLIPS.items():
        path = os.path.join(folder, name)
        done = subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y", *SOURCE, *options.split(), path],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        if done.returncode == 0:
            with open(path, "rb") as file:
                data = file.read()
            films.append(mutate.Film(name, data, [(a, min(b, len(data))) for a, b in payload_of(path) if a < len(data)]))
    return films


class Films:
    """A source and a decoder for each film, all in processes of their own."""
    what, count = "film", FILMS

    def __init__(self, folder):
        self.films = make_films(folder) if shutil.which("ffmpeg") else []
        self.missing = "" if self.films else "ffmpeg is not here, or can encode nothing"

    def mutated(self, number):
        return mutate.mutated_film(mutate.generator(SEED, self.what, number), self.films)

    def whole(self):
        return [(film.name, film.data) for film in self.films]

    def write(self, path, data):
        with open(path, "wb") as file:
            file.write(data)

    def line(self, paths):
        return " ; ".join(f"video url={path} name=v{i} runner=process stall=10s ! "
                          f"decode name=d{i} max_size=320x240 threads={1 + i % 2} runner=process stall=10s ! null name=n{i}"
                          for i, path in paths.items())

    def wrong_counts(self, nodes, i):
        """The decoder's own account, where it lived to the end."""
        node = nodes[f"d{i}"]
        if node["state"] == "done" and not node["restarts"] and node["frames_in"] != node["frames_out"] + node["lost"]:
            return [f"d{i}: {node['frames_in']} packets in, {node['frames_out']} pictures out, {node['lost']} lost"]
        return []


# --- models ---

DESCRIPTION = """model: {name}
input: {{size: {size}}}
output: {{decoder: centernet}}
threshold: 0.3
labels: [red, green, blue]
"""


def net():
    """A model that has a little of everything that detectors have, and finds a box wherever it is bright."""
    def floats(name, dims, values):
        return onnx.tensor(name, onnx.FLOAT, dims, onnx.pack(onnx.FLOAT, values))

    def ints(name, *values):
        return onnx.tensor(name, onnx.INT64, [len(values)], onnx.pack(onnx.INT64, values))

    nodes = [
        onnx.node("Conv", ["picture", "w1", "b1"], ["a"], "conv1",
                  {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1], "strides": [2, 2]}),
        onnx.node("Relu", ["a"], ["b"], "relu", {}),
        onnx.node("MaxPool", ["b"], ["c"], "pool", {"kernel_shape": [2, 2], "strides": [2, 2]}),
        onnx.node("Resize", ["c", "", "scales"], ["d"], "up", {"mode": "nearest"}),
        onnx.node("Concat", ["b", "d"], ["e"], "both", {"axis": 1}),
        onnx.node("Conv", ["e", "w2"], ["f"], "conv2", {"kernel_shape": [1, 1]}),
        onnx.node("Sigmoid", ["f"], ["g"], "sigmoid", {}),
        onnx.node("Transpose", ["g"], ["h"], "last", {"perm": [0, 2, 3, 1]}),
        onnx.node("Reshape", ["h", "rows"], ["i"], "rows", {}),
        onnx.node("Mul", ["i", "size"], ["j"], "places", {}),
        onnx.node("ReduceMax", ["j"], ["k"], "best", {"axes": [2], "keepdims": 0}),
        onnx.node("TopK", ["k", "ten"], ["l", "m"], "ten", {"axis": 1}),
        onnx.node("Reshape", ["m", "flat"], ["n"], "flat", {}),
        onnx.node("Gather", ["j", "n"], ["o"], "those", {"axis": 1}),
        onnx.node("Slice", ["o", "from", "to", "along"], ["out"], "six", {}),
    ]
    constants = [
        floats("w1", [4, 3, 3, 3], [0.01 * (i % 7 - 3) for i in range(108)]), floats("b1", [4], [0.1] * 4),
        floats("scales", [4], [1, 1, 2, 2]), floats("w2", [6, 8, 1, 1], [0.1 * (i % 5 - 2) for i in range(48)]),
        floats("size", [1, 1, 6], [40, 30, 96, 64, 1, 1]), ints("rows", 1, -1, 6), ints("ten", 10), ints("flat", -1),
        ints("from", 0), ints("to", 5), ints("along", 1),
    ]
    return onnx.model("weir", "g", nodes, constants, [onnx.value_info("picture", onnx.FLOAT, [1, 3, 64, 96])],
                      [onnx.value_info("out", onnx.FLOAT, [1, -1, 6])])


class Models:
    """A detector for each model, in a process of its own, and a source for all."""
    what, count = "model", MODELS

    def __init__(self, folder):
        self.models = {"net": net()}
        coco = os.path.join(ROOT, "deps/models/coco.onnx")
        if os.path.exists(coco):
            with open(coco, "rb") as file:
                self.models |= {f"net{i}": self.models["net"] for i in range(4)} | {"coco": file.read()}
        self.missing = self.why_not(folder)

    def why_not(self, folder):
        path = os.path.join(folder, "net")
        self.write(path, self.models["net"])
        done = subprocess.run([WEIR, "run", "--quiet", self.line({0: path})], capture_output=True, text=True, timeout=LIMIT_S,
                              check=False)
        lacks = "no component" in done.stderr or "ONNX Runtime is not here" in done.stderr
        return done.stderr.strip() if lacks else ""

    def mutated(self, number):
        return mutate.mutated_model(mutate.generator(SEED, self.what, number), self.models)

    def whole(self):
        return list(self.models.items())

    def write(self, path, data):
        with open(path + ".onnx", "wb") as file:
            file.write(data)
        size = "512x512" if len(data) > 1000000 else "96x64"
        with open(path + ".yaml", "w", encoding="utf-8") as file:
            file.write(DESCRIPTION.format(name=os.path.basename(path), size=size))

    def line(self, paths):
        return " ; ".join(["test-source name=s frames=3 rate=0 size=96x64"] + [
            f"@s ! detect model={path}.yaml name=v{i} runner=process stall=10s ! null name=n{i}" for i, path in paths.items()])

    def wrong_counts(self, nodes, i):
        return []


# --- a run ---

Defect = collections.namedtuple("Defect", "kind text")
NAMED, ENGINE, ACCOUNTS = "every fault is named", "the engine goes on", "accounts are exact"
KINDS = (ENGINE, NAMED, ACCOUNTS)
STRAY = re.compile(r"(?:used|run|read|end): *$|\(null\)|[\x00-\x1f\x7f]|\bSuccess\b|\w\.(?:cc|c|h):\d|std::")
LINE = re.compile(r"(weir: error|weir: warning|line:\d+:\d+): (?:(\w+): )?(.*)")


def found_by_sanitizer(lines):
    """Is it in weir's own code? The libraries that it feeds crash now and then, which is what is tried here."""
    places = [place for line in lines for place in re.findall(r"^ +#\d+ 0x\w+ .*\((/\S+?)\+0x", line)]
    own = [place for place in places if not re.match(r"/usr/|/lib", place)][:1]
    return any("runtime error" in line for line in lines) or any("libonnxruntime" not in place for place in own)


def bound():
    """A mutated size may be any: memory ends before the machine's does. A sanitizer needs more to begin with."""
    if not SANITIZED:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


class Run:
    """One engine with some files, each with nodes of its own, {number: path}."""

    def __init__(self, subject, paths):
        self.subject, self.paths, self.defects = subject, paths, []
        self.outcome = {}
        with tempfile.TemporaryDirectory() as folder:
            summary = os.path.join(folder, "summary.json")
            began = time.monotonic()
            process = subprocess.Popen([WEIR, "run", "--quiet", "--summary", summary, subject.line(paths)],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace",
                                       preexec_fn=bound, env=os.environ | {"WEIR_OPENS_WITHIN": "10000"})
            try:
                self.said = process.communicate(timeout=LIMIT_S)[1]
            except subprocess.TimeoutExpired:
                process.kill()
                self.said = process.communicate()[1]
                self.wrong(ENGINE, f"it did not end within {LIMIT_S} s")
            self.seconds, self.status = time.monotonic() - began, process.returncode
            self.summary = self.read(summary)
        self.listen()
        if not self.defects:
            self.judge()

    def wrong(self, kind, text):
        self.defects.append(Defect(kind, text))

    def read(self, path):
        if not os.path.exists(path):
            return None
        with open(path, "rb") as file:
            text = file.read()
        try:
            return json.loads(text.decode())
        except ValueError:
            if self.status in (0, 1, 2):
                self.wrong(ENGINE, f"its summary is no JSON: {text[-200:]!r}")
            return None

    def listen(self):
        """What was said, by node, and what was not said by weir."""
        self.sentences, self.refused, self.strange = collections.defaultdict(list), set(), []
        for line in self.said.splitlines():
            found = LINE.fullmatch(line)
            if found:
                self.sentences[found[2] or ""].append(found[3])
                self.refused |= {found[2]} if found[1].startswith("line") else set()
            elif line.strip():
                self.strange.append(line)
        if SANITIZED and found_by_sanitizer(self.strange):
            self.wrong(ENGINE, "a sanitizer found something: " + " / ".join(self.strange[:12]))

    def judge(self):
        if self.status < 0:
            self.wrong(ENGINE, f"it was ended by signal {-self.status} ({signal.strsignal(-self.status)})")
        elif self.status == 2:
            self.judge_refusal()
        elif self.status not in (0, 1) or not self.summary:
            self.wrong(ENGINE, f"exit status {self.status}, {'a' if self.summary else 'no'} summary")
        else:
            self.judge_accounts()
            self.judge_nodes()

    def judge_refusal(self):
        if self.summary:
            self.wrong(ENGINE, "it refused to begin, and wrote a summary")
        for i in self.paths:
            for name in (f"v{i}", f"d{i}"):
                for sentence in self.sentences[name]:
                    self.judge_sentence(name, sentence)
                if name in self.refused:
                    crashed = any(sentence.startswith("its process") for sentence in self.sentences[name])
                    self.outcome[i] = "given up after crashes" if crashed else "refused"
        if not self.outcome:
            self.wrong(NAMED, f"it refused to begin, and named nobody: {self.said[-300:]!r}")

    def judge_accounts(self):
        for link in self.summary["links"]:
            if link["offered"] != link["taken"] + sum(link["dropped"].values()) + link["waiting"]:
                self.wrong(ACCOUNTS, f"link {link}")
        nodes = {node["name"]: node for node in self.summary["nodes"]}
        for i in self.paths:
            for text in self.subject.wrong_counts(nodes, i):
                self.wrong(ACCOUNTS, text)

    def judge_nodes(self):
        ends = set()
        for node in self.summary["nodes"]:
            ends.add(node["state"])
            self.judge_node(node)
            if node["name"][1:].isdigit():
                i = int(node["name"][1:])
                self.outcome[i] = max(self.outcome.get(i, "0 clean"), self.outcome_of(node))
        if (self.status == 1) != bool(ends & {"failed", "stuck"}) or ends - {"done", "failed", "stuck"}:
            self.wrong(ENGINE, f"exit status {self.status}, and its nodes are {', '.join(sorted(ends))}")

    def judge_node(self, node):
        name, said = node["name"], self.sentences[node["name"]]
        if node["state"] in ("failed", "stuck"):
            self.judge_sentence(name, node.get("error", ""))
            if not any(sentence.startswith(node.get("error", "")) for sentence in said):
                self.wrong(NAMED, f"{name} is {node['state']}, and nobody said so: {node.get('error')!r}, {said}")
        if node["restarts"] != sum("it is started again" in sentence for sentence in said):
            self.wrong(NAMED, f"{name} was started again {node['restarts']} times, and was said to be: {said}")
        for sentence in said:
            self.judge_sentence(name, sentence)

    def outcome_of(self, node):
        if node["restarts"]:
            return "4 given up after crashes" if node["state"] == "failed" else "3 crashed and started again"
        if node["state"] in ("failed", "stuck"):
            return "2 " + node["state"]
        return "1 errors counted" if node["errors"] or node["lost"] else "0 clean"

    def judge_sentence(self, name, sentence):
        """It says something: words, the reason behind a colon of weir's, nothing of how something was programmed."""
        if len(sentence) < 12 or " " not in sentence or STRAY.search(sentence):
            self.wrong(NAMED, f"{name} says {sentence!r}")


# --- all of them ---

def general(sentence):
    """The sentence without what differs from file to file."""
    sentence = re.sub(r"/\S+", "FILE", sentence)
    return re.sub(r"'[^']*'|\"[^\"]*\"", "'...'", re.sub(r"\d+", "N", sentence))[:110]


class Tally:
    def __init__(self, subject):
        self.subject = subject
        self.outcomes, self.sentences, self.strange = (collections.Counter() for _ in range(3))
        self.defects, self.manners, self.slow, self.example = collections.defaultdict(list), {}, [], {}

    def keep(self, i, path, why):
        if KEEP:
            os.makedirs(KEEP, exist_ok=True)
            name = f"{self.subject.what}-{SEED}-{i}-" + re.sub(r"\W+", "-", why)[:60]
            source = path + ".onnx" if self.subject.what == "model" else path
            if os.path.getsize(source) < 1 << 20:
                shutil.copy(source, os.path.join(KEEP, name))

    def count_defects(self):
        return sum(map(len, self.defects.values()))

    def learn(self, run):
        for i, what in run.outcome.items():
            if run.status == 2 or not run.defects:
                self.count(run, i, what)
        for line in run.strange:
            self.strange[general(line)] += 1
        if run.seconds > SLOW_S:
            self.slow.append((round(run.seconds, 1), sorted(run.paths)))

    def count(self, run, i, what):
        what = what.lstrip("0123456789 ")
        self.outcomes[what] += 1
        for name in (f"v{i}", f"d{i}"):
            for sentence in {general(sentence) for sentence in run.sentences[name]}:
                self.sentences[sentence] += 1
                self.example.setdefault(sentence, i)
        if "crash" in what:
            self.keep(i, run.paths[i], what)

    def found(self, run, i):
        for defect in run.defects:
            self.defects[defect.kind].append(f"{self.subject.what} {i} ({self.manners[i]}): {defect.text}")
        self.keep(i, run.paths[i], "defect")

    def say(self):
        for what, count in self.outcomes.most_common():
            print(f"# {self.subject.what}s: {count} {what}")
        for sentence, count in self.sentences.most_common(40):
            print(f"#   {count} x {sentence} (e.g. {self.example[sentence]})")
        if len(self.sentences) > 40:
            print(f"#   and {len(self.sentences) - 40} sentences more")
        for line, count in self.strange.most_common(20):
            print(f"#   {count} x not said by weir: {line}")
        for seconds, numbers in self.slow[:20]:
            print(f"#   {seconds} s took {numbers}")


def settle(tally, paths):
    """Runs them until each has an outcome: what was refused is left out of the next run; whose a defect is, shows one by one."""
    while paths:
        run = Run(tally.subject, paths)
        tally.learn(run)
        if run.defects:
            before = tally.count_defects()
            for i in paths if len(paths) > 1 else ():
                settle(tally, {i: paths[i]})
            if tally.count_defects() == before:  # it is alone, or shows in company only
                tally.found(run, min(paths))
            return
        paths = {i: path for i, path in paths.items() if i not in run.outcome}


def check(subject, folder):
    tally = Tally(subject)
    for start in range(FROM, FROM + subject.count, AT_ONCE):
        paths = {}
        for i in range(start, min(start + AT_ONCE, FROM + subject.count)):
            manner, name, data = subject.mutated(i)
            tally.manners[i], paths[i] = f"{name}, {manner}", os.path.join(folder, f"{i}")
            subject.write(paths[i], data or b"\0")
        settle(tally, paths)
        for name in os.listdir(folder):
            os.remove(os.path.join(folder, name))
        if KEEP and start % (100 * AT_ONCE) == 0:
            print(f"# {start}: {dict(tally.outcomes)}", flush=True)
    return tally


def whole_ones_are_clean(subject, folder):
    """What nobody has changed is no fault, or the rest would say nothing."""
    paths = {}
    for i, (_, data) in enumerate(subject.whole()):
        paths[i] = os.path.join(folder, f"whole-{i}")
        subject.write(paths[i], data)
    run = Run(subject, paths)
    clean = [what for what in run.outcome.values() if what == "0 clean"]
    return [] if len(clean) == len(paths) and not run.defects else [str(run.defects), run.said[-2000:], str(run.outcome)]


def report(number, text, faults):
    print(f"{'not ok' if faults else 'ok'} {number} - {text}")
    for fault in faults[:20]:
        print("# " + fault.replace("\n", "\n# "))
    sys.stdout.flush()


def main():
    if SANITIZED and os.environ.get("TSAN_OPTIONS"):
        print("1..0 # SKIP as for process_test.py")
        return
    each = 1 + len(KINDS)
    print(f"1..{2 * each}")
    for first, kind in ((1, Films), (1 + each, Models)):
        with tempfile.TemporaryDirectory() as folder:
            subject = kind(folder)
            if subject.missing:
                for i in range(each):
                    print(f"ok {first + i} - {subject.what}s # SKIP {subject.missing.splitlines()[-1]}")
                continue
            report(first, f"{subject.what}s that are whole are no fault", whole_ones_are_clean(subject, folder))
            tally = check(subject, folder)
            tally.say()
            for i, what in enumerate(KINDS, 1):
                report(first + i, f"{subject.what}s: {what}", tally.defects[what])


def write_one(what, number, path):
    with tempfile.TemporaryDirectory() as folder:
        subject = (Models if what == "model" else Films)(folder)
        manner, name, data = subject.mutated(int(number))
        subject.write(path, data)
        print(f"{name}, {manner}: {len(data)} bytes; weir run '{subject.line({0: path})}'")


if len(sys.argv) == 5:
    write_one(*sys.argv[2:])
else:
    main()
