"""What the tests of worker processes share: runs of weir whose workers can be found and killed, and the TAP around them.

WEIR_TEST_KILLS: how often the nodes of a pipeline are killed at random. WEIR_TEST_STOPS: how often one is stopped, so that it
stands still. WEIR_TEST_ONLY: a part of a test's name.
"""
import contextlib
import json
import os
import random
import re
import signal
import subprocess
import tempfile
import time

TESTS = []


def test(function):
    """What it returns in words is why it was skipped."""
    TESTS.append(function)
    return function


class Wrong(Exception):
    pass


def expect(what, good, *found):
    if not good:
        raise Wrong(f"{what}: {' '.join(str(f) for f in found)}")


def equal(what, found, wanted, *more):
    expect(what, found == wanted, f"found {found!r}, wanted {wanted!r}", *more)


def name_of(worker):
    """As the list of processes shows it; None before it has begun, and after its end."""
    try:
        with open(f"/proc/{worker}/cmdline", encoding="utf-8") as line:
            words = line.read().split("\0")
        return words[2] if words[0] == "weir-worker" else None
    except (OSError, IndexError):
        return None


class Run:
    def __init__(self, weir, line, *options, within_ms=None, opens_ms=None, stdout=subprocess.PIPE):
        self.file = tempfile.NamedTemporaryFile("r", suffix=".json")
        environment = dict(os.environ)
        if within_ms is not None:
            environment["WEIR_RESTARTS_WITHIN"] = str(within_ms)
        if opens_ms is not None:
            environment["WEIR_OPENS_WITHIN"] = str(opens_ms)
        self.log = tempfile.TemporaryFile("w+")  # a pipe that nobody reads would lose lines
        self.process = subprocess.Popen([weir, "run", "--quiet", "--summary", self.file.name, *options, line],
                                        stdout=stdout, stderr=self.log, text=True, env=environment)

    def workers(self):
        """Process numbers of those that have been started."""
        path = f"/proc/{self.process.pid}/task"
        found = []
        for task in os.listdir(path):
            with contextlib.suppress(OSError), open(f"{path}/{task}/children", encoding="ascii") as children:
                found += [int(pid) for pid in children.read().split()]
        return found

    def worker(self, name):
        """The one of that node, once it has begun."""
        while self.process.poll() is None:
            for pid in self.workers():
                if name_of(pid) == name:
                    return pid
            time.sleep(0.002)
        raise Wrong(f"weir ended with {self.process.returncode} before {name} began")

    def seconds_until_gone(self, process):
        """Until that worker is no more; None if all ended first."""
        began = time.monotonic()
        while self.process.poll() is None:
            if process not in self.workers():
                return time.monotonic() - began
            time.sleep(0.005)
        return None

    def times_open_again(self):
        """Of each worker that came back: ms until it was open, and of these ms to load and open. Needs --log-level info."""
        return [(int(whole), int(opening)) for whole, opening in
                re.findall(r"is open again (\d+) ms after it ended; (\d+) ms of them", self.said_so_far())]

    def said_so_far(self):
        return os.pread(self.log.fileno(), 1 << 26, 0).decode(errors="replace")

    def until(self, is_so):
        """Until that is so of it, or all has ended."""
        while self.process.poll() is None and not is_so(self):
            time.sleep(0.005)
        return self

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)
        return self

    def kill_at_random(self, kills, seed, names=None, pause_s=0.1, how=signal.SIGKILL):
        """Kills one of the workers (of these nodes) so many times, and says how often one was there to be killed."""
        generator = random.Random(seed)
        killed = 0
        for _ in range(kills):
            time.sleep(generator.uniform(0.0, pause_s))
            if self.process.poll() is not None:
                break
            there = [pid for pid in self.workers() if (name := name_of(pid)) and (not names or name in names)]
            if there:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(generator.choice(there), how)
                    killed += 1
        return killed

    def end(self, timeout=100):
        self.process.communicate(timeout=timeout)
        self.log.seek(0)
        self.said = self.log.read()
        self.status = self.process.returncode
        text = self.file.read()
        open(self.file.name, "a", encoding="utf-8").close()  # it is gone where nothing ran, and is to be removed yet
        self.summary = json.loads(text) if text else {"nodes": [], "links": []}
        for link in self.summary["links"]:
            equal(f"account {link['from']} to {link['to']}", link["offered"],
                  link["taken"] + sum(link["dropped"].values()) + link["waiting"])
        return self

    def node(self, name):
        return next(node for node in self.summary["nodes"] if node["name"] == name)

    def link(self, start, end):
        return next(link for link in self.summary["links"] if (link["from"], link["to"]) == (start, end))


def main_job(weir, film, folder, duration):
    """Detect in a film as from a camera, and record it; each part in a process of its own, which may die any number of times."""
    return Run(weir, f"video name=camera url={film} pace=live loop=true ! detect name=detect model=coco take=latest ! "
               f"jsonl name=events path={folder}/events.jsonl ; @camera ! record name=tape path={folder}/tape",
               "--duration", f"{duration:.0f}s", "--log-level", "info", within_ms=0)


def main():
    if os.environ.get("WEIR_SANITIZED") and os.environ.get("TSAN_OPTIONS"):
        print("1..0 # SKIP ThreadSanitizer does not see what other processes order; the models and src/core/hold_test.c do")
        return
    print(f"1..{len(TESTS)}")
    only = os.environ.get("WEIR_TEST_ONLY", "")
    for number, function in enumerate(TESTS, 1):
        if only and only not in function.__name__:
            print(f"ok {number} - {function.__name__} # SKIP")
            continue
        try:
            skipped = function()
            print(f"ok {number} - {function.__name__}{f' # SKIP {skipped}' if skipped else ''}", flush=True)
        except (Wrong, subprocess.TimeoutExpired, StopIteration) as why:
            print(f"not ok {number} - {function.__name__}\n# " + str(why).replace("\n", "\n# "), flush=True)
