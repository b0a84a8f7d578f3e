#!/usr/bin/env python3
"""End-to-end tests of the weir command: cli_test.py WEIR PLUGIN PIPELINES DOCS. Prints TAP."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import tempfile
import time

WEIR, PLUGIN, PIPELINES, DOCS = sys.argv[1:5]
FOLDER = tempfile.mkdtemp(prefix="weir-cli-")
LIMIT_S = 60  # nothing here takes that long, unless it hangs


class Result:
    def __init__(self, process):
        self.status, self.out, self.err = process.returncode, process.stdout, process.stderr
        self.lines = self.err.splitlines()


def weir(*arguments, text=None, limit_s=LIMIT_S, **environment):
    return Result(subprocess.run([WEIR, *arguments], input=text, capture_output=True, text=True, timeout=limit_s,
                                 env={**os.environ, **environment}))


def with_plugin(command, *arguments, **more):
    return weir(command, "--plugin", PLUGIN, *arguments, **more)


def path(name, text=None):
    whole = os.path.join(FOLDER, name)
    if text is not None:
        with open(whole, "w", encoding="utf-8") as out:
            out.write(text)
    return whole


def expect(what, condition, *seen):
    if not condition:
        raise AssertionError(what + "".join("\n" + str(thing) for thing in seen))


def equal(what, seen, wanted):
    expect(f"{what}: {seen!r} instead of {wanted!r}", seen == wanted)


def keys_of(thing):
    """Those of lists and objects below it too."""
    if isinstance(thing, dict):
        return set(thing) | set().union(*map(keys_of, thing.values()))
    return set().union(*map(keys_of, thing)) if isinstance(thing, list) else set()


def accounts(summary):
    for link in summary["links"]:
        dropped = sum(link["dropped"].values())
        equal(f"{link['from']} > {link['to']}", link["offered"], link["taken"] + dropped + link["waiting"])


TESTS = []
UNSEEN = []  # tests that cannot be made here


def test_of_signals(function):
    if os.environ.get("TSAN_OPTIONS"):
        UNSEEN.append(function)
        return function
    return test(function)


def test(function):
    TESTS.append(function)
    return function


# --- help ---


@test
def help_is_there_for_everything():
    result = weir("help")
    equal("status", result.status, 0)
    listed = result.out.split("\n\n")[2]
    commands = re.findall(r"^  (\w+) ", listed, re.MULTILINE)
    expect("commands", {"run", "check", "describe", "components", "help", "models", "probe", "bench"} <= set(commands), result.out)
    for command in commands:
        own = weir(command, "--help")
        equal(command + " --help", own.status, 0)
        expect(command + " --help says how it is used", "usage: weir " + command in own.out, own.out, own.err)
        equal("weir help " + command, weir("help", command).out, own.out)
        equal(command + " --nonsense", weir(command, "--nonsense").status, 2)


@test
def every_option_that_help_names_exists():
    for command in ("run", "check", "describe", "bench"):
        for option in re.findall(r"^  (--[a-z-]+)", weir(command, "--help").out, re.MULTILINE):
            # With a value too much or an unknown one it is still no unknown option, so the message names the value.
            result = weir(command, option, "no-such-value", "also-none")
            expect(option, "no such option" not in result.err, result.err)


@test
def versions_and_unknown_commands():
    expect("version", re.fullmatch(r"weir \d+\.\d+\.\d+\n", weir("--version").out))
    equal("no command", weir().status, 2)
    result = weir("chekc", "x")
    equal("status", result.status, 2)
    equal("suggestion", result.err, "weir: there is no command chekc; did you mean check?\n")
    result = weir("rtsp://me:hunter2@host")
    expect("no password", "hunter2" not in result.err and result.status == 2, result.err)


@test
def components_are_listed_and_explained():
    result = with_plugin("components")
    expect("list", re.search(r"^cli-source +counts frames at a rate$", result.out, re.MULTILINE), result.out)
    starts = {re.match(r"\S+ +", line).end() for line in result.out.splitlines()}
    equal("aligned columns", len(starts), 1)
    result = with_plugin("help", "cli-source")
    for part in ("counts frames at a rate", "frames a second", "number from 0.1 to 1000, in 1/s; default 10", "output"):
        expect(part, part in result.out, result.out)
    result = with_plugin("help", "cli-sorce")
    equal("status", result.status, 2)
    expect("suggestion", "did you mean cli-source?" in result.err, result.err)


# --- bad input: the exit status is 2, and each mistake is one sentence ---

GOOD = "nodes:\n  a:\n    component: cli-source\n  b:\n    component: cli-sink\n    from: a\n"

BAD = [
    # a line or a file's text, and what the only line on standard error says
    ("cli-sorce ! cli-sink", r"line:1:1: there is no component cli-sorce; did you mean cli-source\?.*"),
    ("nonsense ! cli-sink", r"line:1:1: there is no component nonsense;.*"),
    ("cli-source rate=5000 ! cli-sink", r"line:1:17: cli-source.rate: 5000 is above 1000"),
    ("cli-source rate=fast ! cli-sink", r"line:1:17: cli-source.rate: fast is not what is wanted: number from .*"),
    ("cli-source rat=5 ! cli-sink", r"line:1:12: cli-source has no option rat; did you mean rate.*"),
    ("cli-source ! cli-sink delay=5", r"line:1:29: cli-sink.delay: 5 has no unit; write 5ms or 5s"),
    ("cli-source ! cli-sink take=newst", r"line:1:28: take: .*"),
    ("cli-source ! cli-sink runner=fast", r"line:1:30: cli-sink.runner: .*"),
    ("cli-source ! cli-sink replicas=2", r"line:1:32: cli-sink.replicas: .*"),
    ("cli-source rate=${WEIR_UNSET}", r"line:1:17: cli-source.rate: .*WEIR_UNSET.*"),
    ("cli-source rate=${file:/nonexistent}", r"line:1:17: cli-source.rate: cannot read .*/nonexistent.*No such file.*"),
    ("cli-source rate=${WEIR_SECRET} ! cli-sink", r"line:1:17: cli-source.rate: this value .*"),
    ("cli-source ! cli-pass name=a ! cli-pass name=b ! @a", r"line:.*: .* leads back to itself.*"),
    ("cli-sink", r"line:1:1: nothing leads to .*"),
    ("cli-source ! @nobody", r"line:1:14: no component before this one is named nobody;.*"),
    ("cli-source ! cli-sink.in", r"line:1:14: cli-sink.in cannot be the name of a component"),
    ("cli-source.out ! cli-sink", r"line:1:1: cli-source.out cannot be the name of a component"),
    ("cli-source name=a ; @a.x ! cli-sink", r"line:1:21: a has no output x; .*"),
    ("cli-source ! cli-sink name=b ; cli-source name=c ! @b.y", r"line:1:52: b has no input y; .*"),
    ("", r"line:1:1: there is no component; .*"),
    ("cli-source ! cli-sink ! ", r"line:1:25: a component or @name is missing behind the !"),
    ('cli-source url="x', r'line:1:16: this quote has no end; put a " behind the value'),
    (GOOD.replace("from: a", "from: c"), r"F:6:11: there is no node c.*"),
    (GOOD.replace("cli-sink", "cli-snik"), r"F:5:16: there is no component cli-snik; did you mean cli-sink\?.*"),
    (GOOD + "    dealy: 1s\n", r"F:7:5: cli-sink has no option dealy; did you mean delay.*"),
    (GOOD + "    take: newst\n", r"F:7:11: take: .*"),
    (GOOD + "    hold: -1\n", r"F:7:11: hold: .*"),
    (GOOD + "    max_age: long\n", r"F:7:14: max_age: .*"),
    (GOOD.replace("nodes", "noodes"), r"F:1:1: noodes: is unknown; did you mean nodes:\?"),
    (GOOD.replace("    from", "\tfrom"), r"F:6:1: this is not YAML: .*tab.*"),
    (GOOD + "    x: [1\n", r"F:8:1: this is not YAML: .*"),
    ("\x00\x01\x02", r".*holds zero bytes: it is no pipeline"),
    ("", r"F: this file is empty; it should hold nodes:"),
    ("just text\n", r"F:1:1: a pipeline should be key: value pairs, .*"),
]


def check_bad(argument, wanted, shown):
    for command in ("check", "run"):
        result = with_plugin(command, argument, WEIR_SECRET="hunter2")
        equal(f"{command} {shown!r}", result.status, 2)
        equal(f"{command} {shown!r} on standard output", result.out, "")
        expect(f"{shown!r}: one sentence", len(result.lines) == 1, result.err)
        expect(f"{shown!r}: /{wanted}/", re.fullmatch(wanted, result.lines[0]), result.err)
        expect("no secret", "hunter2" not in result.err, result.err)


@test
def bad_pipelines_are_refused_with_place_and_remedy():
    files = 0
    for text, wanted in BAD:
        if wanted.startswith("line:"):
            check_bad(text, wanted, text)
        else:
            files += 1
            name = path(f"bad-{files}.yaml", text)
            check_bad(name, wanted.replace("F:", re.escape(name) + ":"), text)


@test
def files_that_cannot_be_read_are_refused():
    check_bad("/nonexistent/x.yaml", r"cannot read /nonexistent/x.yaml: No such file or directory; check the path", "")
    os.mkdir(path("folder.yaml"))
    check_bad(path("folder.yaml"), r"cannot read .*folder.yaml: Is a directory; check the path", "folder")
    with open(path("latin.yaml"), "wb") as out:
        out.write(b"pipeline: stra\xdfe\n")
    check_bad(path("latin.yaml"), r".*latin.yaml:1:16: this is no text in UTF-8: .*", "latin-1")
    with open(path("large.yaml"), "wb") as out:
        out.truncate(5 << 20)
    check_bad(path("large.yaml"), r".*large.yaml is longer than 4 MiB: it is no pipeline", "large")


@test
def all_mistakes_come_at_once_in_order():
    result = with_plugin("check", "cli-source rate=5000 foo=1 ! cli-snik ; cli-sink delay=5 ! cli-sink take=x")
    equal("status", result.status, 2)
    columns = [int(line.split(":")[2]) for line in result.lines]
    expect("at least five", len(columns) >= 5, result.err)
    equal("order", columns, sorted(columns))


@test
def wrong_options_of_the_command_are_refused():
    for arguments in (["--duration", "5"], ["--duration", "0s"], ["--runner", "magic"], ["--clock", "broken"],
                      ["--log-level", "loud"], ["--plugin", "/nonexistent.so"], ["--plugin", path("no.so", "text")],
                      ["--summary", "/nonexistent/summary.json"], ["--summary"], []):
        result = weir("run", *arguments, *([] if arguments in ([], ["--summary"]) else ["test-source"]))
        equal(str(arguments), result.status, 2)
        expect("one sentence", len(result.lines) == 1, arguments, result.err)
    result = weir("run", "test-source", "!", "null")
    expect("quotes are asked for", "single quotes" in result.err and result.status == 2, result.err)


# --- checking and describing ---


@test
def a_good_pipeline_passes_with_its_memory_bound():
    for argument in (path("good.yaml", GOOD), "cli-source ! cli-sink"):
        result = with_plugin("check", argument)
        equal("status", result.status, 0)
        equal("standard error", result.err, "")
        expect("the bound", re.search(r"needs at most .* \(\d+ bytes\)", result.out), result.out)
        verbose = with_plugin("check", "--verbose", argument)
        expect("more with --verbose", len(verbose.out) > len(result.out), verbose.out)


def pipelines():
    """One a line; a line end within quotes belongs to the value."""
    whole = ""
    with open(PIPELINES, encoding="utf-8") as text:
        for line in text:
            whole += line
            if re.sub(r"\\.", "", whole).count('"') % 2 == 0:
                yield whole.rstrip("\n")
                whole = ""


@test
def both_forms_say_the_same():
    count = 0
    for line in pipelines():
        yaml = weir("describe", line)
        equal(line, (yaml.status, yaml.err), (0, ""))
        file = path("again.yaml", yaml.out)
        again = weir("describe", file)
        equal(yaml.out, (again.status, again.err), (0, ""))
        equal("from standard input", weir("describe", "-", text=yaml.out).out, again.out)
        equal("a line from standard input", weir("describe", "--line", "-", text=again.out).out, again.out)
        # The file's name is the pipeline's name; apart from that it is the same file again.
        equal(line, weir("describe", "--yaml", again.out.rstrip("\n")).out, yaml.out)
        count += 1
    expect("the corpus is there", count >= 40, count)


@test
def graphs_are_printed_for_graphviz():
    result = weir("describe", "--dot", "a name=x ! b take=latest")
    equal("status", result.status, 0)
    expect("graph", '"x" -> "b" [label="latest"];' in result.out and result.out.startswith("digraph"), result.out)


@test
def describing_hides_passwords_and_keeps_references():
    result = weir("describe", "video url=rtsp://me:hunter2@host/x")
    expect("hidden", "hunter2" not in result.out + result.err and "***" in result.out, result.out, result.err)
    result = weir("describe", "video url=rtsp://me:${PASSWORD}@host/x", PASSWORD="hunter2")
    expect("kept", "rtsp://me:${PASSWORD}@host/x" in result.out and result.err == "", result.out, result.err)


def blocks(document, language):
    with open(os.path.join(DOCS, document), encoding="utf-8") as text:
        found = re.findall(rf"^```{language}\n(.*?)^```$", text.read(), re.MULTILINE | re.DOTALL)
    expect(f"{document} has {language}", found)
    return found


@test
def the_examples_of_the_documents_are_pipelines():
    for text in blocks("pipelines.md", "yaml"):
        result = weir("describe", path("example.yaml", text))
        equal(text, (result.status, result.err), (0, ""))
    for line in "".join(blocks("pipelines.md", "weir")).splitlines():
        result = weir("describe", line)
        equal(line, (result.status, result.err), (0, ""))


@test
def the_documents_say_what_help_says():
    for text in blocks("cli.md", "text"):
        command = re.match(r"usage: weir (\w+)", text).group(1)
        equal(command, text, weir(command, "--help").out)


@test
def the_documents_name_the_keys_of_a_summary():
    result = with_plugin("run", "--summary", "-", "cli-source frames=3 rate=1000 ! cli-sink")
    equal("keys", keys_of(json.loads(blocks("cli.md", "json")[0])), keys_of(json.loads(result.out)))


# --- measuring: what is reported, never how much it is ---

SHORT = ("--seconds", "0.05")


def bench(*arguments, status=0, **more):
    result = weir("bench", *SHORT, *arguments, **more)
    equal(f"status of bench {arguments}\n{result.err}", result.status, status)
    return result


@test
def links_and_wake_ups_are_measured():
    file = path("bench.json")
    for arguments in (["link", "wake-up", "--json", file], ["--json=" + file, "wake-up", "link"]):
        result = bench(*arguments)
        for line in (r"link, every +[\d.]+ million frames/s, \d+ ns each", r"link, latest +[\d.]+ million frames/s, .*",
                     r"wake-up +\d+ us p50, \d+ us p99 from hand-over .*"):
            expect(line, re.search(rf"^  {line}$", result.out, re.MULTILINE), result.out)
        expect("nothing is said of cameras", "camera" not in result.out, result.out)
        with open(file, encoding="utf-8") as text:
            seen = json.load(text)
        expect("frames came through", seen["link"]["every"]["taken_per_s"] > 0, seen)
        expect("no more taken than offered", 0 < seen["link"]["latest"]["taken_per_s"] <= seen["link"]["latest"]["offered_per_s"])
        expect("what is handed over was due before", seen["wake_up"]["age_us"]["p50"] >= seen["wake_up"]["wait_us"]["p50"] > 0, seen)
        equal("not measured", (seen["decode"], seen["job"], seen["cameras"]), (None, None, None))


@test
def cameras_are_reckoned_from_what_was_measured():
    whole = json.loads(bench("--json", limit_s=240).out)
    documented = json.loads(blocks("cli.md", "json")[1])
    if whole["problems"]:
        equal("what is missing is said, the rest is measured", whole["link"]["every"] is not None, True)
        return
    equal("keys", keys_of(whole), keys_of(documented))
    cameras, cost = whole["cameras"], whole["decode"]["cpu_ms_per_frame"] / 1000
    equal("rows double", [row["cameras"] for row in cameras["rows"]], [2**n for n in range(len(cameras["rows"]))])
    rates = [row["analysed_per_s"] for row in cameras["rows"]]
    equal("only the last may be too many", [rate for rate in rates[:-1] if rate is None], [])
    equal("more cameras, less of each", rates[:-1], sorted(rates[:-1], reverse=True))
    for row in cameras["rows"]:
        wanted = row["cameras"] * cameras["fps"] * cost / (1 - cameras["headroom"])
        expect("cores for decoding", abs(row["decode_cores"] - wanted) <= 0.02 * wanted + 0.01, row, wanted)


@test
def what_cannot_be_measured_is_said():
    result = bench("inference", "wake-up", "--json", WEIR_MODELS=path("nothing"), WEIR_ONNXRUNTIME=path("none.so"), status=1)
    expect("one sentence", len(result.lines) == 1 and result.lines[0].startswith("weir bench: "), result.err)
    expect("the rest is measured", json.loads(result.out)["wake_up"], result.out)


@test
def wrong_options_of_bench_are_refused():
    for arguments, wanted in ((["lnik"], "did you mean link?"), (["--json", "lnik"], "did you mean link?"),
                              (["--seconds", "0"], "--seconds takes a number from 0.05 to 600"),
                              (["--fps", "many"], "--fps takes a number"), (["--analyse", "0"], "--analyse takes"),
                              (["--model", "nonesuch"], "nonesuch"), (["--video", "/nonexistent.mp4"], "/nonexistent.mp4"),
                              (["--video", "rtsp://me:hunter2@host/x"], "--video takes a file"),
                              (["link", "--json", "/nonexistent/x.json"], "cannot write /nonexistent/x.json")):
        result = bench(*arguments, status=2)
        equal("standard output", result.out, "")
        expect(f"{wanted!r}, in one sentence", len(result.lines) == 1 and wanted in result.lines[0], result.err)
        expect("no password", "hunter2" not in result.err, result.err)
    result = bench("link", "--json=/dev/full", status=1)
    expect("sentence", "cannot write /dev/full: No space left" in result.err, result.err)


# --- running ---


def run_for_summary(line, *arguments, status=0, **more):
    file = path("summary.json")
    result = with_plugin("run", "--summary", file, *arguments, line, **more)
    equal(f"status of {line}\n{result.err}", result.status, status)
    with open(file, encoding="utf-8") as text:
        summary = json.load(text)
    accounts(summary)
    return result, summary


@test
def a_pipeline_runs_to_its_end():
    for runner in ("inline", "thread", "pool"):
        result, summary = run_for_summary("cli-source frames=20 rate=1000 ! cli-sink say=yes", "--runner", runner)
        equal("output", result.out, "".join(f"cli-sink {n}\n" for n in range(1, 21)))
        equal("standard error", result.err, "")
        equal("end", summary["end"], "end-of-stream")
        equal("taken", summary["links"][0]["taken"], 20)
        equal("runner of the sink", summary["nodes"][1]["runner"], runner)


@test
def what_decodes_pictures_has_a_process_of_its_own():
    picture = os.path.join(DOCS, "..", "examples", "picture.png")
    line = f"mock-camera image={picture} fps=100 frames=3 ! cli-sink"
    for arguments, runner in (((), "process"), (("--runner", "thread"), "thread")):
        _, summary = run_for_summary(line, *arguments)
        equal("runner of the camera, of the sink", [node["runner"] for node in summary["nodes"]], [runner, "thread"])


@test
def the_summary_can_go_to_standard_output():
    result = with_plugin("run", "--summary", "-", "cli-source frames=3 rate=1000 name=c ! cli-sink")
    summary = json.loads(result.out)
    equal("pipeline", (summary["pipeline"], summary["nodes"][0]["name"]), ("line", "c"))
    text = "pipeline: street\n" + GOOD.replace("cli-source\n", "cli-source\n    frames: 2\n")
    result = with_plugin("run", "--summary", "-", "-", text=text)
    equal("pipeline", json.loads(result.out)["pipeline"], "street")


@test
def time_can_be_virtual():
    began = time.monotonic()
    _, summary = run_for_summary("cli-source rate=10 name=c ! cli-sink delay=1s take=latest", "--clock", "virtual",
                                 "--duration", "1h")
    expect("an hour passed", 3599 < summary["duration_s"] < 3604, summary["duration_s"])
    equal("end", summary["end"], "duration")
    link = summary["links"][0]
    expect("all came", 35990 <= link["offered"] <= 36010, link)
    expect("one a second was taken", 3590 <= link["taken"] <= 3610, link)
    expect("in less time than that", time.monotonic() - began < 60)


@test
def a_failing_node_fails_the_run_with_one_sentence():
    result, summary = run_for_summary("cli-source rate=1000 name=c frames=100 ! cli-sink fail_at=5 name=s", status=1)
    equal("end", summary["end"], "failed")
    expect("the node is named", any("s: the disk of rtsp://***@host is full; make room" in line for line in result.lines),
           result.err)
    expect("no password", "hunter2" not in result.err + json.dumps(summary), result.err, summary)


@test
def a_summary_that_cannot_be_written_is_a_failure():
    result = with_plugin("run", "--summary", "/dev/full", "cli-source frames=2 ! cli-sink")
    equal("status", result.status, 1)
    expect("sentence", re.search("cannot write the summary to /dev/full: No space left", result.err), result.err)


@test
def log_lines_can_be_json():
    result = with_plugin("run", "--log-json", "cli-source frames=2 url=rtsp://me:hunter2@host ! cli-sink")
    equal("status", result.status, 0)
    expect("a line", len(result.lines) >= 1, result.err)
    for line in result.lines:
        expect("level and text", {"level", "text"} <= set(json.loads(line)), line)


class Running:
    """A run whose output is read line by line."""

    def __init__(self, *arguments, **environment):
        self.process = subprocess.Popen([WEIR, "run", "--plugin", PLUGIN, *arguments], stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, env={**os.environ, **environment})

    def wait_for(self, line):
        while True:
            got = self.process.stdout.readline()
            if not got:
                raise AssertionError(f"ended before {line!r}: {self.process.stderr.read()}")
            if got.rstrip("\n") == line:
                return

    def end(self):
        out, err = self.process.communicate(timeout=LIMIT_S)
        return self.process.returncode, out, err


@test_of_signals
def ctrl_c_finishes_what_is_under_way():
    for number in (signal.SIGINT, signal.SIGTERM):
        file = path("stopped.json")
        run = Running("--summary", file, "cli-source rate=100 name=c ! cli-sink say=yes name=s")
        run.wait_for("s 5")
        run.process.send_signal(number)
        status, _, err = run.end()
        equal(err, status, 0)
        with open(file, encoding="utf-8") as text:
            summary = json.load(text)
        accounts(summary)
        equal("end", summary["end"], "stopped")
        equal("all that was sent was taken", summary["links"][0]["taken"], summary["nodes"][0]["frames_out"])


@test_of_signals
def ctrl_c_twice_ends_a_stuck_node_with_a_true_summary():
    file = path("stuck.json")
    run = Running("--summary", file, "cli-source rate=100 name=c ! cli-sink say=yes stuck_at=3 name=s ; "
                  "@c ! cli-sink say=yes name=t")
    run.wait_for("s 3")
    run.wait_for("t 20")
    run.process.send_signal(signal.SIGINT)
    run.process.send_signal(signal.SIGTERM)  # two of one kind might arrive as one
    status, _, err = run.end()
    equal(err, status, 1)
    expect("the node is named", re.search(r"\bs\b", err), err)
    with open(file, encoding="utf-8") as text:
        summary = json.load(text)
    accounts(summary)
    expect("the other one went on", summary["links"][1]["taken"] >= 20, summary["links"])


@test_of_signals
def passwords_vanish_from_the_command_line():
    run = Running("cli-source rate=100 url=rtsp://me:hunter2@host name=c ! cli-sink say=yes name=s")
    run.wait_for("s 2")
    with open(f"/proc/{run.process.pid}/cmdline", "rb") as text:
        shown = text.read()
    run.process.send_signal(signal.SIGINT)
    status, _, err = run.end()
    equal("status", status, 0)
    expect("gone", b"hunter2" not in shown and b"cli-source" in shown, shown)
    equal("warned once", err.count("password"), 1)
    expect("not repeated", "hunter2" not in err, err)


@test
def secrets_reach_the_component_alone():
    run = Running("--summary", path("secret.json"), "cli-source rate=100 frames=50 name=c ! "
                  "cli-sink say=yes words=${WEIR_SECRET} name=s", WEIR_SECRET="hunter2")
    run.wait_for("s 2 hunter2")
    with open(f"/proc/{run.process.pid}/cmdline", "rb") as text:
        expect("not on the command line", b"hunter2" not in text.read())
    status, _, err = run.end()
    with open(path("secret.json"), encoding="utf-8") as text:
        expect("nowhere else", "hunter2" not in text.read() + err, err)
    equal("status", status, 0)


@test
def secrets_are_never_shown_whatever_they_hold():
    for secret in ("my pass", 'p"q/r', "a\tb", "sekrit", "p@ss?word"):
        for line in ("test-source frames=1 ! jsonl path=/proc/${TOK}/x", "video url=rtsp://joe:${TOK}@127.0.0.1:9/x retry=false ! null",
                     "video url=http://127.0.0.1:9/${TOK}/x retry=false ! null", "video url=/nofile/${TOK}.mp4 ! null"):
            file = path("secret.json")
            result = weir("run", "--summary", file, "--duration", "5s", line, TOK=secret)
            written = open(file, encoding="utf-8").read() if os.path.exists(file) else ""
            expect("it fails", result.status != 0, line)
            expect("nothing is shown", secret not in result.out + result.err + written, secret, line, result.err)


@test
def without_a_terminal_there_are_no_control_codes():
    result = with_plugin("run", "cli-source rate=100 frames=150 ! cli-sink", TERM="xterm")
    equal("standard error", result.err, "")


def on_terminal(*arguments):
    """Runs on a pseudo-terminal until its end; returns exit status and all that it wrote."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ["TERM"] = "xterm"
        os.execv(WEIR, [WEIR, "run", "--plugin", PLUGIN, *arguments])
    written, deadline = b"", time.monotonic() + LIMIT_S
    while time.monotonic() < deadline:
        try:
            if select.select([terminal], [], [], 1)[0]:
                written += os.read(terminal, 65536)
        except OSError:  # the other end has closed
            break
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os.close(terminal)
    return status, written.decode().replace("\r\n", "\n")


def screen(written):
    """What the terminal shows in the end: lines, cursor up and erase below are all that is used."""
    lines = [""]
    for part in re.split(r"(\x1b\[\d+A\r\x1b\[J|\n)", written):
        if part == "\n":
            lines.append("")
        elif part.startswith("\x1b"):
            up = int(part[2:part.index("A")])
            lines = lines[:-1 - up] + [""]
        else:
            lines[-1] += part
    return lines


@test
def a_terminal_shows_one_live_table_below_the_output():
    status, written = on_terminal("cli-source rate=50 frames=120 name=c ! cli-sink say=yes name=s ; "
                                  "@c ! cli-sink delay=100ms take=latest name=slow")
    equal("status", status, 0)
    expect("redrawn in place", "\x1b[" in written, written)
    shown = screen(written)
    equal("every line of output once, in order", [line for line in shown if re.fullmatch(r"s \d+", line)],
          [f"s {n}" for n in range(1, 121)])
    equal("one table", sum(line.startswith("NODE ") for line in shown), 1)
    expect("links", any(re.match(r"c > slow +latest .*superseded", line) for line in shown), shown)
    status, written = on_terminal("--quiet", "cli-source rate=50 frames=60 name=c ! cli-sink")
    equal("quiet", (status, written), (0, ""))


def main():
    for function in UNSEEN:
        print(f"# skipped: {function.__name__.replace('_', ' ')}: ThreadSanitizer holds signals back while a thread sleeps")
    print(f"1..{len(TESTS)}")
    failed = 0
    for number, function in enumerate(TESTS, 1):
        name = function.__name__.replace("_", " ")
        try:
            function()
            print(f"ok {number} - {name}", flush=True)
        except (AssertionError, subprocess.TimeoutExpired, OSError, ValueError, KeyError) as error:
            failed += 1
            print(f"not ok {number} - {name}", flush=True)
            for line in str(error).splitlines():
                print("# " + line, flush=True)
    sys.exit(failed != 0)


main()
