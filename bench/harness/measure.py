"""Runs contenders in turns and keeps what each round gave."""
import json
import os
import signal
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field


@dataclass
class Result:
    """Of one contender in one case: a dict of figures for each round, or why there is none."""
    case: object
    contender: object
    rounds: list = field(default_factory=list)
    failed: str = ""

    def values(self, key):
        return [one[key] for one in self.rounds if one.get(key) is not None]

    def median(self, key):
        values = self.values(key)
        return statistics.median(values) if values else None


def _last_object(text):
    for line in reversed(text.splitlines()):
        if line.startswith("{"):
            return json.loads(line)
    return {}


def _kill(process):
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def _resident_mib(pid):
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE") / 2**20


class _Attendant:
    """What is done to a contender while it runs: its memory is noted, it is told to end."""

    def __init__(self, process, contender):
        self.process, self.series, self.began = process, [], time.monotonic()
        self.every_s = contender.watch_s
        self.interrupt_s = contender.interrupt_s

    def attend(self):
        at_s = time.monotonic() - self.began
        if self.every_s and at_s >= (len(self.series) + 1) * self.every_s:
            self.series.append([round(at_s, 2), round(_resident_mib(self.process.pid), 3)])
        if self.interrupt_s and at_s >= self.interrupt_s:
            # One that is not dealt with when the next comes counts for both, so it is said until it ends.
            self.interrupt_s = at_s + 0.02
            os.kill(self.process.pid, signal.SIGINT)

    def figures(self):
        """The series, and how far memory rose above what it was when warm: after 10 s, or a third of a shorter run."""
        series = [[at_s, mib] for at_s, mib in self.series if mib > 0]  # an ended process has none left
        if not series:
            return {}
        warm = [mib for at_s, mib in series if at_s >= min(10, series[-1][0] / 3)]
        return {"rss_series": series, "rss_end_mib": series[-1][1], "rss_growth_mib": max(warm) - warm[0]}


def _wait(process, timeout_s, attendant):
    """Waits for the end; its exit status and what it and its children used."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            return usage
        attendant.attend()
        time.sleep(0.005)
    _kill(process)
    _, _, usage = os.wait4(process.pid, 0)
    process.returncode = -signal.SIGKILL
    return usage


def run_once(contender, scratch):
    """One run: (figures, why not). Exactly one of them is empty."""
    out_path, err_path = os.path.join(scratch, "out"), os.path.join(scratch, "err")
    with open(out_path, "wb") as out, open(err_path, "wb") as err:
        began = time.monotonic()
        process = subprocess.Popen(contender.command, stdout=out, stderr=err, stdin=subprocess.DEVNULL,
                                   env={**os.environ, **contender.environment}, start_new_session=True)
        attendant = _Attendant(process, contender)
        usage = _wait(process, contender.timeout_s, attendant)
        wall_s = time.monotonic() - began
    with open(err_path, encoding="utf-8", errors="replace") as file:
        complaint = file.read().strip().splitlines()[-1:] or [""]
    if process.returncode != 0:
        return None, f"ended with {process.returncode} after {wall_s:.1f} s: {complaint[0]}"
    try:
        with open(out_path, encoding="utf-8", errors="replace") as file:
            figures = (contender.read or _last_object)(file.read())
    except ValueError as error:
        return None, f"what it printed gives no figures: {error}"
    figures.update(attendant.figures())
    figures.setdefault("cpu_s", usage.ru_utime + usage.ru_stime)
    figures.setdefault("rss_mib", usage.ru_maxrss / 1024)
    figures.setdefault("wall_s", wall_s)
    return figures, ""


def run_case(case, scratch, rounds):
    """Every contender once, then again: whatever disturbs the machine disturbs all."""
    results = [Result(case, contender, failed=contender.missing) for contender in case.contenders]
    for number in range(rounds):
        for result in results:
            if result.failed:
                continue
            print(f"\r\033[K{case.name}: round {number + 1} of {rounds}, {result.contender.name}", end="",
                  file=sys.stderr, flush=True)
            figures, result.failed = run_once(result.contender, scratch)
            if figures:
                result.rounds.append(figures)
    print("\r\033[K", end="", file=sys.stderr, flush=True)
    return results


def paired_ratio(over, under, key):
    """Median of the ratios round by round, or None."""
    pairs = [(a.get(key), b.get(key)) for a, b in zip(over.rounds, under.rounds)]
    ratios = [a / b for a, b in pairs if a is not None and b]
    return statistics.median(ratios) if ratios else None
