"""liveness: a consumer ten times too slow behind `latest`. How old is what it takes, and does memory grow?

usage: liveness.py BUILD [--seconds N] [--rate FPS] [--json]
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

PICTURE = "640x480"
MARGIN_MS = 2.0
WARM_S = 10
GROWTH_MIB = 1.0


def resident_mib(pid):
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE") / 2**20


def watch(process, seconds):
    """Resident memory in MiB, once a second: [(second, MiB)]."""
    samples = []
    begun = time.monotonic()
    while process.poll() is None and time.monotonic() - begun < seconds + 30:
        time.sleep(1)
        try:
            samples.append((time.monotonic() - begun, resident_mib(process.pid)))
        except (OSError, IndexError):
            break
    return samples


def run(build, seconds, rate):
    delay_ms = round(10 * 1000 / rate)
    line = (f"test-source rate={rate} size={PICTURE} name=cam ! null name=fast take=latest ; "
            f"@cam ! slow-consumer name=slow delay={delay_ms}ms label=\"\" take=latest")
    with tempfile.NamedTemporaryFile(suffix=".json") as summary:
        command = [os.path.join(build, "weir"), "run", "--quiet", "--duration", f"{seconds}s", "--summary", summary.name, line]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        samples = watch(process, seconds)
        if process.wait() != 0:
            sys.exit("liveness: the pipeline failed; see above")
        account = json.load(summary)
    account["memory"]["samples"] = samples
    return line, account


def growth(samples):
    warm = [mib for at, mib in samples if at >= WARM_S]
    return (max(warm) - warm[0]) if warm else 0.0


def table(account, rate):
    interval_ms = 1000 / rate
    samples = account["memory"]["samples"]
    print(f"{'consumer':10} {'taken':>7} {'let go':>7} {'age p50':>9} {'p99':>9} {'max':>9}   bar: p99 at most {interval_ms + MARGIN_MS:.1f} ms")
    good = True
    for link in account["links"]:
        age = link["age_ms"]
        holds = age["p99"] <= interval_ms + MARGIN_MS
        good &= holds
        print(f"{link['to']:10} {link['taken']:7} {link['dropped']['superseded']:7} {age['p50']:9.2f} {age['p99']:9.2f} "
              f"{age['max']:9.2f}   {'holds' if holds else 'DOES NOT HOLD'}")
    more = growth(samples)
    flat = more < GROWTH_MIB
    first = next((mib for at, mib in samples if at >= WARM_S), 0.0)
    print(f"resident memory: {first:.2f} MiB after {WARM_S} s, at most {more:.2f} MiB more until the end   "
          f"bar: less than {GROWTH_MIB:.0f} MiB   {'holds' if flat else 'DOES NOT HOLD'}")
    return good and flat


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--rate", type=float, default=30)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    line, account = run(arguments.build, arguments.seconds, arguments.rate)
    if arguments.json:
        print(json.dumps({"line": line, **account}))
        return
    print(f"{arguments.seconds} s of: weir run '{line}'")
    sys.exit(0 if table(account, arguments.rate) else 1)


main()
