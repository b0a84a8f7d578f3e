"""What a frame costs in system calls: one wake for each consumer that sleeps, one wait for each wake, and the source's
own wait for its time. Nothing else grows with the frames. usage: syscalls_test.py WEIR (TAP)

The calls are counted by strace in two runs of which one has five times the frames of the other. No bar depends on when
anything happens: a thread that is late makes fewer calls, never more.
"""
import collections
import json
import os
import shutil
import subprocess
import sys
import tempfile

WEIR = sys.argv[1]
CONSUMERS, FEW, MANY = 3, 100, 500
# How often the strands are woken to start and to end, and the supervisor by them: not by frames.
AROUND = 12 * (CONSUMERS + 2)


def line(frames):
    """A live source that sends a frame every two milliseconds to consumers that do nothing, a thread each."""
    source = f"test-source rate=500 size=0x0 frames={frames} name=source"
    return " ; ".join([source] + [f"@source ! null name=sink{i} hold=1024" for i in range(CONSUMERS)])


def traced(frames):
    """(calls by name, with futex split in futex-wake and futex-wait; frames taken), or None and why there are none."""
    with tempfile.NamedTemporaryFile("r", suffix=".strace") as log, tempfile.NamedTemporaryFile("r") as summary:
        run = subprocess.run(["strace", "-f", "-qq", "-o", log.name, WEIR, "run", "--quiet", "--runner", "thread",
                              "--summary", summary.name, line(frames)],
                             capture_output=True, text=True, timeout=100, check=False)
        if run.returncode != 0:
            return None, run.stderr.strip()
        return calls_of(log), sum(link["taken"] for link in json.load(open(summary.name, encoding="utf-8"))["links"])


def calls_of(log):
    calls = collections.Counter()
    for line in log:
        call = line.split(None, 1)[1]
        if "(" not in call or call.startswith(("<...", "+++", "---")):
            continue  # the second half of a call that another interrupted, an end, a signal
        name = call.split("(", 1)[0]
        if name == "futex":
            name = "futex-wake" if "FUTEX_WAKE" in call else "futex-wait"
        calls[name] += 1
    return calls


def may_trace():
    if not shutil.which("strace"):
        return "strace is not installed"
    tried = subprocess.run(["strace", "-f", "-qq", "-o", os.devnull, "true"], capture_output=True, text=True, check=False)
    return "" if tried.returncode == 0 else f"strace may not trace here: {tried.stderr.strip().splitlines()[-1:]}"


def check(number, good, says, found):
    print(f"{'ok' if good else 'not ok'} {number} - {says}")
    if not good:
        print(f"# {found}")


def main():
    why_not = may_trace()
    if why_not:
        print(f"1..0 # SKIP {why_not}")
        return
    print("1..5")
    few, few_taken = traced(FEW)
    many, many_taken = traced(MANY)
    if few is None or many is None:
        print(f"Bail out! {few_taken if few is None else many_taken}")
        return
    check(1, (few_taken, many_taken) == (FEW * CONSUMERS, MANY * CONSUMERS), "every frame was taken", (few_taken, many_taken))
    wakes, waits = many["futex-wake"], many["futex-wait"]
    check(2, wakes <= MANY * CONSUMERS + AROUND, "at most one wake for each frame and consumer", wakes)
    check(3, waits <= MANY + wakes + AROUND, "at most one wait for each wake, and the source's own", waits)
    # Where the kernel gives no page to read the clock from, reading it is a call.
    others = {name: (few[name], many[name]) for name in few | many
              if not name.startswith("futex-") and name != "clock_gettime"}
    grown = {name: pair for name, pair in others.items() if pair[1] - pair[0] > (MANY - FEW) // 20}
    check(4, not grown, "nothing else grows with the frames", grown)
    check(5, wakes > AROUND, "the consumers did sleep, so that there was something to count", wakes)


main()
