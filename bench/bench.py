"""Runs the benchmarks: weir and what a user would take instead, in turns, on the same work.

usage: bench.py BUILD [NAME...] [--gate] [--json FILE] [--rounds N] [--seconds N] [--only TEXT] [--plots FOLDER] [--quick]
"""
import argparse
import importlib.util
import json
import os
import platform
import sys
import tempfile
import textwrap

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "bench"))

from harness import measure, plot, report  # noqa: E402
from harness.declare import Context  # noqa: E402


def names():
    folder = os.path.join(ROOT, "bench")
    return sorted(name for name in os.listdir(folder) if os.path.exists(os.path.join(folder, name, "bench.py")))


def load(name):
    spec = importlib.util.spec_from_file_location(f"bench_{name}", os.path.join(ROOT, "bench", name, "bench.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), platform.machine())
    return f"{os.cpu_count()} cores, {model}, Linux {platform.release()}"


def run(name, context, arguments):
    """One benchmark. Its results, and whether no bar was missed."""
    module = load(name)
    title = module.__doc__.strip().splitlines()[0]
    print(f"\n== {name}: {title}")
    done = []
    for case in module.cases(context):
        case.contenders = [contender for contender in case.contenders if arguments.only in contender.name]
        if not case.contenders:
            continue
        rounds = 1 if context.quick else arguments.rounds or case.rounds
        results = measure.run_case(case, context.scratch, rounds)
        print(report.table(case, results), flush=True)
        done.append((case, results))
    results = [result for _, case_results in done for result in case_results]
    lines, good = report.bars(module.BARS, results)
    if lines:
        print("\n".join(["bars", *lines]), flush=True)
    for note in module.notes(results) if hasattr(module, "notes") else []:
        print(f"  {note}", flush=True)
    if arguments.plots:
        os.makedirs(arguments.plots, exist_ok=True)
        draw = getattr(module, "draw", plot.plot)
        draw(os.path.join(arguments.plots, f"{name}.svg"), textwrap.fill(f"{name}: {title}", 80), done)
    # A contender that could have run and failed is a fault; one that is missing here is not.
    good &= not any(r.failed and not r.contender.missing for r in results)
    return {"benchmark": name, "title": title, "results": report.as_json(results), "bars": lines}, good


def arguments_of(command_line):
    parser = argparse.ArgumentParser(prog="bench", description=__doc__.splitlines()[0])
    parser.add_argument("build", help="the build folder")
    parser.add_argument("name", nargs="*", help="benchmarks; all if none is named: " + " ".join(names()))
    parser.add_argument("--gate", action="store_true", help="exit status 1 if a bar is missed")
    parser.add_argument("--json", metavar="FILE", help="also write everything as JSON; - for standard output")
    parser.add_argument("--rounds", type=int, help="rounds of each case, instead of the benchmark's own number")
    parser.add_argument("--seconds", type=float, default=0, help="length of timed runs, instead of the benchmark's own")
    parser.add_argument("--only", metavar="TEXT", default="", help="only contenders with that in their name")
    parser.add_argument("--plots", metavar="FOLDER", default="results/bench", help="where the pictures go (%(default)s)")
    parser.add_argument("--quick", action="store_true", help="one short round of everything: does it work at all?")
    arguments = parser.parse_args(command_line)
    for name in arguments.name:
        if name not in names():
            parser.error(f"there is no benchmark {name}; there are: {' '.join(names())}")
    return arguments


def main():
    arguments = arguments_of(sys.argv[1:])
    out = sys.stdout
    if arguments.json == "-":
        sys.stdout = sys.stderr
    print(f"on {machine()}")
    documents, all_good = [], True
    with tempfile.TemporaryDirectory() as scratch:
        for name in arguments.name or names():
            context = Context(ROOT, os.path.abspath(arguments.build), scratch, arguments.quick, arguments.seconds)
            document, good = run(name, context, arguments)
            documents.append(document)
            all_good &= good
    if arguments.json:
        with out if arguments.json == "-" else open(arguments.json, "w", encoding="utf-8") as file:
            json.dump({"machine": machine(), "benchmarks": documents}, file, indent=1)
    sys.exit(0 if all_good or not arguments.gate else 1)


main()
