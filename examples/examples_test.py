#!/usr/bin/env python3
"""Tests of the examples: examples_test.py WEIR PLUGIN SOURCE PROGRAM... Prints TAP. Runs in the repository's root."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import zlib

WEIR, PLUGIN, SOURCE = map(os.path.abspath, sys.argv[1:4])
PROGRAMS = {os.path.basename(path).split("-")[1]: os.path.abspath(path) for path in sys.argv[4:]}
FOLDER = tempfile.mkdtemp(prefix="weir-examples-")
LIMIT_S = 120  # nothing here takes that long, unless it hangs
PICTURE = "examples/picture.png"
TESTS = []


def test(function):
    TESTS.append(function)
    return function


def expect(what, condition, *seen):
    if not condition:
        raise AssertionError(what + "".join("\n" + str(thing) for thing in seen))


def equal(what, seen, wanted):
    expect(f"{what}: {seen!r} instead of {wanted!r}", seen == wanted)


def weir(*arguments):
    """Output lines and summary of a run."""
    file = os.path.join(FOLDER, "summary.json")
    done = subprocess.run([WEIR, "run", "--quiet", "--summary", file, *arguments], cwd=SOURCE, text=True,
                          capture_output=True, timeout=LIMIT_S)
    equal(f"status of {arguments}, which said {done.stderr}", done.returncode, 0)
    with open(file, encoding="utf-8") as text:
        summary = json.load(text)
    for link in summary["links"]:
        equal("account", link["offered"], link["taken"] + link["waiting"] + sum(link["dropped"].values()))
    return done.stdout.splitlines(), summary


def link_to(summary, name):
    return next(link for link in summary["links"] if link["to"] == name)


def numbers(lines, label):
    return [int(match.group(1)) for line in lines if (match := re.match(rf"{label} (\d+)\b", line))]


def start(name, *arguments):
    return subprocess.Popen([PROGRAMS[name], *arguments], cwd=SOURCE, text=True, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE)


def end(process):
    out, err = process.communicate(timeout=LIMIT_S)
    equal(f"status of a program that said {err}", process.returncode, 0)
    return out.splitlines()


def accounts(lines):
    """What the programs print at their end, by consumer: offered, taken, let go, waiting, most that waited."""
    pattern = r"camera > (\w+): (\d+) offered, (\d+) taken, (\d+) let go, (\d+) waiting \(at most (\d+)\), oldest .*"
    found = [re.fullmatch(pattern, line) for line in lines if line.startswith("camera >")]
    table = {match.group(1): tuple(map(int, match.groups()[1:])) for match in found}
    for offered, taken, let_go, waiting, _ in table.values():
        equal("account", offered, taken + let_go + waiting)
    return table


# --- the four programs, as files and in C ---


def expect_direct(lines):
    equal("one after the other", [re.match(r"[A-Za-z ]+ \d+", line).group() for line in lines],
          [f"{who} {n}" for n in (1, 2, 3, 4) for who in ("Debugger", "Slow Consumer")])


def ages_ms(lines, label):
    return [float(re.search(r"age_ms=([\d.]+)", line).group(1)) for line in lines if line.startswith(label)]


@test
def called_directly_the_slow_one_blocks_all():
    lines, summary = weir("--clock", "virtual", "examples/direct/direct.yaml")
    expect_direct(lines)
    equal("even the fast one gets later and later", ages_ms(lines, "Debugger"), [0, 900, 1800, 2700])
    equal("nothing is let go", link_to(summary, "slow")["taken"], 4)
    expect("inline", all(link["inline"] for link in summary["links"]), summary["links"])


@test
def on_a_pool_the_queue_is_seen_and_bounded():
    lines, summary = weir("--clock", "virtual", "examples/pool/pool.yaml")
    equal("all reach the fast one", numbers(lines, "Debugger"), list(range(1, 11)))
    equal("at once", set(ages_ms(lines, "Debugger")), {0.0})
    equal("what fits reaches the slow one", numbers(lines, "Slow Consumer"), [1, 2, 3, 4, 5, 6])
    equal("older and older", ages_ms(lines, "Slow Consumer"), [0, 900, 1800, 2700, 3600, 4500])
    link = link_to(summary, "slow")
    equal("bounded", link["waiting_max"], 5)
    equal("counted", link["dropped"]["overflow"], 4)
    equal("runners", {node["runner"] for node in summary["nodes"]}, {"pool"})


@test
def with_latest_the_slow_one_gets_the_newest():
    lines, summary = weir("--clock", "virtual", "examples/latest/latest.yaml")
    equal("all reach the fast one", numbers(lines, "Debugger"), list(range(1, 11)))
    equal("the newest reaches the slow one", numbers(lines, "Slow Consumer"), [1, 10])
    equal("in this order", lines[-1], "Slow Consumer 10")
    equal("on purpose", link_to(summary, "slow")["dropped"]["superseded"], 8)


@test
def consumers_that_work_do_so_at_the_same_time():
    lines, summary = weir("examples/cores/cores.yaml")
    for label, name in (("Left", "left"), ("Right", "right")):
        equal(label, numbers(lines, label), list(range(1, 11)))
        node = next(node for node in summary["nodes"] if node["name"] == name)
        expect("it burnt what it should", node["cpu_s"] >= 10 * 0.1, node)
    # Together they were at work for longer than it all took, and half of that would do: so both were at a time.
    busy_s = sum(node["busy_ms"]["count"] * node["busy_ms"]["p50"] / 1e3 for node in summary["nodes"]
                 if node["name"] != "camera")
    expect("at the same time", busy_s > 1.2 * summary["duration_s"], busy_s, summary["duration_s"])
    alone, _ = weir("--runner", "inline", "examples/cores/cores.yaml")
    expect("on one thread by turns", numbers(alone, "Left") == numbers(alone, "Right"), alone)
    equal("strictly", [line.split()[1] for line in alone], [str(n) for n in range(1, 11) for _ in range(2)])


def plain(lines):
    """Without what differs from run to run: ages, and who of two threads printed first."""
    return sorted(re.sub(r"age_ms=[\d.]+|oldest [\d.]+ s|at most \d+", "", line) for line in lines)


@test
def the_programs_print_what_their_readme_shows():
    processes = {name: start(name) for name in PROGRAMS}
    for name, process in processes.items():
        lines = end(process)
        with open(os.path.join(SOURCE, "examples", name, "README.md"), encoding="utf-8") as text:
            shown = re.search(r"^```text\n(.*?)^```$", text.read(), re.MULTILINE | re.DOTALL).group(1).splitlines()
        equal(name, plain(lines), plain(shown))
        if name == "direct":
            expect_direct([line for line in lines if not line.startswith("camera")])
        if name == "pool":
            expect("bounded", accounts(lines)["slow"][4] <= 5, lines)


# --- stopping ---


LABELS = {"Debugger": "debugger", "Slow Consumer": "slow", "Left": "left", "Right": "right"}


class Reader:
    """Lines of a program as they come."""

    def __init__(self, name):
        self.process = start(name, PICTURE, "0")
        self.text = ""
        self.limit = threading.Timer(LIMIT_S, self.process.kill)
        self.limit.start()

    def wait_for(self, pattern):
        while not re.search(pattern, self.text, re.MULTILINE):
            line = self.process.stdout.readline()
            expect(f"ended before {pattern}", line, self.text)
            self.text += line

    def interrupt(self):
        """Returns when the program has noticed, so that two signals never become one."""
        self.process.send_signal(signal.SIGINT)
        expect("it says so", "stopping" in self.process.stderr.readline())

    def end(self):
        self.text += self.process.stdout.read()
        err = self.process.stderr.read()
        equal(f"status of a program that said {err}", self.process.wait(), 0)
        self.limit.cancel()
        return self.text.splitlines()


# When to stop each; cores first, since its queues grow fastest.
STOP_AT = {"cores": r"^Left 2", "latest": r"^Debugger 4", "pool": r"^Debugger 4", "direct": r"^Slow Consumer 2"}


@test
def ctrl_c_finishes_what_is_under_way():
    equal("programs", sorted(PROGRAMS), sorted(STOP_AT))
    readers = {name: Reader(name) for name in STOP_AT}
    for name, reader in readers.items():
        reader.wait_for(STOP_AT[name])
        reader.interrupt()
    for name, reader in readers.items():
        lines = reader.end()
        table = accounts(lines)
        equal(f"{name}: consumers", len(table), 2)
        for consumer, (offered, taken, let_go, waiting, _) in table.items():
            equal(f"{name}: {consumer} has nothing left to do", waiting, 0)
            if consumer == "debugger":
                equal(f"{name}: {consumer} got all", (taken, let_go), (offered, 0))
        for label, consumer in LABELS.items():
            seen = numbers(lines, label)
            equal(f"{name}: {label} in order", seen, sorted(set(seen)))
            equal(f"{name}: {label} said what it took", len(seen), table.get(consumer, (0, 0))[1])


@test
def ctrl_c_twice_stops_at_once():
    equal("programs", sorted(PROGRAMS), sorted(STOP_AT))
    readers = {name: Reader(name) for name in STOP_AT}
    for name, reader in readers.items():
        reader.wait_for(STOP_AT[name])
        reader.interrupt()
        reader.interrupt()
    for name, reader in readers.items():
        table = accounts(reader.end())
        if name == "pool":
            expect("the queue is left as it is", table["slow"][3] > 0, table)


# --- the line of the README ---

LINE = f"mock-camera image={PICTURE} fps=10 name=cam ! debugger ; @cam ! slow-consumer delay=1s take=latest"


def newest_when_printed(lines):
    """For every line of the slow consumer its number, and the newest that the debugger had printed then."""
    newest = 0
    for line in lines:
        label, number = line.rsplit(" ", 1)
        if label == "Debugger":
            equal("each once, in order", int(number), newest + 1)
            newest += 1
        else:
            equal("label", label, "Slow Consumer")
            yield int(number), newest


def expect_account(summary, lines):
    slow = link_to(summary, "slow-consumer")
    equal("taken", slow["taken"], len(numbers(lines, "Slow Consumer")))
    equal("the rest was let go on purpose", slow["dropped"]["superseded"] + slow["taken"], slow["offered"])
    equal("all were taken", link_to(summary, "debugger")["taken"], len(numbers(lines, "Debugger")))


@test
def the_line_of_the_readme_on_a_virtual_clock():
    lines, summary = weir("--clock", "virtual", "--duration", "10s", LINE)
    expect_account(summary, lines)
    expect("ten seconds of frames", len(numbers(lines, "Debugger")) in (100, 101), lines)
    pairs = list(newest_when_printed(lines))
    # Whenever the slow one is ready, a frame is due at that very moment: it may get this one, or the one before. At the
    # end both may come.
    expect("one a second, and what waits at the end", len(pairs) in (11, 12), pairs)
    for second, (number, newest) in enumerate(pairs):
        expect("the newest", number in (max(1, second * 10), min(second, 10) * 10 + 1), pairs)
        expect("whatever was printed", abs(newest - number) <= 1, pairs)
    equal("each once", len({number for number, _ in pairs}), len(pairs))


@test
def the_line_of_the_readme_as_it_runs():
    lines, summary = weir("--duration", "3s", LINE)
    expect_account(summary, lines)
    pairs = list(newest_when_printed(lines))
    expect("several", len(pairs) >= 2, pairs)
    for number, newest in pairs:
        # With a queue it would be eight behind after a second, and more after two.
        expect("the newest, or nearly, if the machine is busy", newest - number <= 5, pairs)
    equal("growing", [number for number, _ in pairs], sorted({number for number, _ in pairs}))


# --- a component of one's own ---


def write_grey(name, luma):
    def chunk(kind, data):
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    path = os.path.join(FOLDER, name)
    with open(path, "wb") as out:
        out.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", bytes([0, 0, 0, 5, 0, 0, 0, 3, 8, 0, 0, 0, 0])) +
                  chunk(b"IDAT", zlib.compress((b"\0" + bytes([luma]) * 5) * 3)) + chunk(b"IEND", b""))
    return path


@test
def a_component_of_ones_own_runs():
    for luma, below, passed in ((10, "", 1), (39, "", 1), (41, "", 0), (41, "below=42", 1)):
        lines, _ = weir("--plugin", PLUGIN, "--clock", "virtual",
                        f"mock-camera image={write_grey('grey.png', luma)} frames=5 ! dark {below} ! debugger")
        equal(f"{luma} {below}", lines, ["Debugger 1"] * passed)
    shown = subprocess.run([WEIR, "help", "--plugin", PLUGIN, "dark"], text=True, capture_output=True, timeout=LIMIT_S)
    expect("help", "mean brightness below which it is dark" in shown.stdout, shown.stdout, shown.stderr)


@test
def a_component_of_ones_own_stays_short():
    with open(os.path.join(SOURCE, "examples/my-component/dark.c"), encoding="utf-8") as text:
        source = text.read()
    expect("under 60 lines", source.count("\n") < 60)
    equal("the public headers alone", re.findall(r"#include (.*)", source), ["<weir/component.h>"])
    with open(os.path.join(SOURCE, "examples/my-component/README.md"), encoding="utf-8") as text:
        expect("the README shows it as it is", source in text.read())


@test
def the_picture_is_what_its_script_draws():
    def pixels(path):
        with open(path, "rb") as file:
            data = file.read()
        at = data.index(b"IDAT")
        return zlib.decompress(data[at + 4:at + 4 + int.from_bytes(data[at - 4:at], "big")])

    drawn = os.path.join(FOLDER, "drawn.png")
    subprocess.run([sys.executable, "examples/picture.py", drawn], cwd=SOURCE, check=True, timeout=LIMIT_S)
    expect("the same", pixels(drawn) == pixels(os.path.join(SOURCE, PICTURE)))


def main():
    print(f"1..{len(TESTS)}")
    failed = 0
    for number, function in enumerate(TESTS, 1):
        try:
            function()
            print(f"ok {number} - {function.__name__}", flush=True)
        except (AssertionError, subprocess.SubprocessError, OSError, ValueError, AttributeError, KeyError) as error:
            failed += 1
            print(f"not ok {number} - {function.__name__}")
            print("# " + str(error).replace("\n", "\n# "), flush=True)
    subprocess.run(["rm", "-rf", FOLDER], check=False)
    return failed > 0


sys.exit(main())
