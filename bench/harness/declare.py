"""What a benchmark declares: cases with contenders that do the same work, the figures they give, and the bars.

A benchmark is a folder bench/NAME with a module bench.py that has a doc string (its first line says what is measured) and

    cases(context) -> [Case]      what is run
    BARS = [Bar(...)]             what must hold

A contender is a program that does the work once and prints, as the last line of its standard output, one JSON object of
figures. Processor time and peak memory of the process and its children are added to it: `cpu_s`, `rss_mib`, `wall_s`.
Programs that print something else, such as the summary of weir run, have a `read` that makes figures of it.

It may also have

    draw(path, title, done)       its own picture; done: [(Case, [Result])]
    notes(results) -> [str]       lines below the bars: what follows from several cases
"""
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from typing import Callable


@dataclass
class Figure:
    """A number that contenders give under `key`. `more` says which way is better."""
    key: str
    label: str
    digits: int = 1
    more: bool = True
    scale: float = 1.0


@dataclass
class Contender:
    name: str
    command: list
    missing: str = ""  # why it cannot run here, in words; "" if it can
    environment: dict = field(default_factory=dict)
    timeout_s: float = 120
    read: Callable | None = None  # makes figures of what it printed, or a ValueError; None: the last line is one JSON object of them
    watch_s: float = 0  # note resident memory that often: `rss_series` ([seconds, MiB]), `rss_end_mib`, `rss_growth_mib`
    interrupt_s: float = 0  # Ctrl-C after that long, again and again: the end, without what is still under way


@dataclass
class Case:
    """Contenders that take turns, `rounds` times. Ratios are against the contender called `base`. `figures[0]` is what
    ratios and the plot are about."""
    name: str
    title: str
    contenders: list
    figures: list
    base: str
    rounds: int = 7


@dataclass
class Bar:
    """`of`'s figure, divided by `over`'s in the same round if there is an `over`, median of the rounds. With `plus`, the
    allowance is added to `over`'s figure instead: of <= over + plus. With `always`, every round must hold, not the median:
    for what is true or not."""
    says: str
    case: str
    of: str
    figure: str
    over: str = ""
    at_least: float | None = None
    at_most: float | None = None
    plus: float | None = None
    always: bool = False


@dataclass
class Context:
    """Where things are. `quick` asks for a run that only shows that everything works, `seconds` for timed runs of that
    length instead of the benchmark's own."""
    root: str
    build: str
    scratch: str
    quick: bool = False
    seconds: float = 0

    @property
    def weir(self):
        return os.path.join(self.build, "weir")

    def here(self, *parts):
        return os.path.join(self.root, "bench", *parts)

    def deps(self, *parts):
        return os.path.join(self.root, "deps", *parts)

    def cache(self, *parts):
        """A file below results/ that is made once and kept. Its folder is there."""
        path = os.path.join(self.root, "results", "cache", *parts)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return path

    def program(self, benchmark, name):
        """A program of bench/BENCHMARK/meson.build, and why it is missing if it is."""
        path = os.path.join(self.build, "bench", benchmark, name)
        return path, "" if os.path.exists(path) else f"{name} was not built: its libraries are missing (make bench installs them)"

    def lines(self, command, *options):
        """A command that prints a line of JSON for each frame, watched by harness/lines.py."""
        return [sys.executable, self.here("harness", "lines.py"), *options, "--", *command]

    @staticmethod
    def keeping_memory():
        """An environment in which the C library gives no memory back to the kernel."""
        return {"MALLOC_TRIM_THRESHOLD_": str(1 << 30), "MALLOC_MMAP_THRESHOLD_": str(1 << 30)}

    @staticmethod
    def python(*modules):
        """A Python that has the modules, and why it is missing if there is none. Debian's may have what another has not."""
        for path in (sys.executable, "/usr/bin/python3"):
            test = [path, "-c", "import " + ", ".join(modules)]
            if os.path.exists(path) and subprocess.run(test, capture_output=True, check=False).returncode == 0:
                return path, ""
        return sys.executable, f"no Python here has {' and '.join(modules)} (make bench installs them)"

    @staticmethod
    def tool(name):
        return "" if shutil.which(name) else f"{name} is not installed"
