"""Starts a server of video, has it watched, and tells what that cost the server.

usage: serve.py [--form FORM] [--viewers N] [--streams N] [--rate HZ] [--rest S] [--warm S] [--seconds S]
                [--every S] [--summary FILE] VIEWERS -- SERVER [ARGUMENT...]

The server says on standard error where it is: ...://127.0.0.1:PORT/. Where it is weir, the process that counts is that of its
node `page`; else its own. Watched by nobody for --rest seconds, then by --viewers for --seconds, figures as one object of
JSON: `rest_us_per_frame` and `us_per_frame`, its CPU for each frame that came to pass; `us_each`, the CPU that watching added,
for each frame that a viewer got; `least` and `most`, the share of the frames of a stream that a viewer got; `missing`, frames
left out. With --every, its memory that often: `rss_series` ([seconds, MiB]), `rss_early_mib` (at the end of the first minute
or third), `rss_end_mib`. With --summary FILE, which weir is to write: of the pipeline's own links, without those to the
dashboard, frames/s, ages and what was let go.
"""
import argparse
import glob
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import threading
import time

START_S, SETTLE_S = 20, 1


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--form", default="websocket", choices=["websocket", "lengths", "multipart"])
    parser.add_argument("--viewers", type=int, default=0)
    parser.add_argument("--streams", type=int, default=1)
    parser.add_argument("--rate", type=float, default=25)
    parser.add_argument("--rest", type=float, default=0)
    parser.add_argument("--warm", type=float, default=4)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--every", type=float, default=0)
    parser.add_argument("--summary")
    parser.add_argument("clients")
    parser.add_argument("server", nargs="+")
    return parser.parse_args()


# --- the server ---

def start(command):
    """The process, and the port that it says it has."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    patience = threading.Timer(START_S, process.kill)
    patience.start()
    said = ""
    for line in process.stderr:
        said += line
        if found := re.search(r"://127\.0\.0\.1:(\d+)/", line):
            patience.cancel()
            # What it goes on to say must not hold it up.
            threading.Thread(target=process.stderr.read, daemon=True).start()
            return process, int(found[1])
    sys.exit(f"{os.path.basename(command[0])} does not start: {said.strip()}")


def stop(process):
    process.send_signal(signal.SIGINT)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def worker_of(pid):
    """The process of weir's node `page`, or the program itself."""
    for path in glob.glob(f"/proc/{pid}/task/*/children"):
        with open(path, encoding="ascii") as file:
            children = file.read().split()
        for child in children:
            with open(f"/proc/{child}/cmdline", encoding="utf-8") as file:
                if file.read().rstrip("\0").split("\0")[-1] == "page":
                    return int(child)
    return pid


def cpu_ns(pid):
    """Of all its threads: the clock that Linux has for each process."""
    return time.clock_gettime_ns(~pid << 3 | 2)


def resident_mib(pid):
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE") / 2**20


class Memory(threading.Thread):
    """Notes the memory of a process again and again."""

    def __init__(self, pid, every_s):
        super().__init__(daemon=True)
        self.pid, self.every_s, self.series, self.ended = pid, every_s, [], threading.Event()

    def run(self):
        began = time.monotonic()
        while not self.ended.wait(self.every_s):
            self.series.append([round(time.monotonic() - began, 1), round(resident_mib(self.pid), 3)])

    def figures(self):
        self.ended.set()
        if not self.series:
            return {}
        early_s = min(60, self.series[-1][0] / 3)
        early = next(mib for at_s, mib in self.series if at_s >= early_s)
        return {"rss_series": self.series, "rss_early_mib": early, "rss_end_mib": self.series[-1][1],
                "rss_growth_mib": self.series[-1][1] - early}


# --- what it is measured at ---

def at_rest(pid, seconds):
    """CPU ns a second while nobody watches."""
    time.sleep(SETTLE_S)
    used, began = cpu_ns(pid), time.monotonic()
    time.sleep(seconds)
    return (cpu_ns(pid) - used) / (time.monotonic() - began)


def watched(pid, port, wanted):
    """CPU ns a second while there are viewers, what they counted, and the memory's figures."""
    command = [wanted.clients, str(port), wanted.form, str(wanted.viewers), str(wanted.streams), str(wanted.warm),
               str(wanted.seconds)]
    clients = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    if clients.stdout.readline() != "begin\n":
        sys.exit("the viewers did not get what they asked for")
    used, memory = cpu_ns(pid), Memory(pid, wanted.every or 1e9)
    memory.start()
    counted = clients.stdout.readline()
    used = cpu_ns(pid) - used
    if clients.wait() != 0 or not counted:
        sys.exit("the viewers did not get what they asked for")
    counts = json.loads(counted)
    return used / counts["seconds"], counts, memory.figures()


def figures_of(rest_ns, busy_ns, counts, wanted):
    frames = wanted.rate * wanted.streams
    each = counts["frames"] / counts["seconds"]
    due = wanted.rate * counts["seconds"]
    return {"rest_us_per_frame": rest_ns / frames / 1e3, "us_per_frame": busy_ns / frames / 1e3,
            "us_each": (busy_ns - rest_ns) / each / 1e3, "cpu_percent": busy_ns / 1e7, "least": counts["least"] / due,
            "most": counts["most"] / due, "missing": counts["missing"]}


def own_links(path):
    """Of the cameras, and of the links that do not lead to the dashboard; ages of the median one."""
    with open(path, encoding="utf-8") as file:
        account = json.load(file)
    links = [link for link in account["links"] if link["to"].startswith("own")]
    sources = [link for link in account["links"] if link["to"] == "page" and not link.get("tap")]
    seconds = account["duration_s"]
    return {"sent_per_s": sum(link["offered"] for link in sources) / seconds,
            "dropped_to_page": sum(sum(link["dropped"].values()) for link in sources),
            "taken_per_s": sum(link["taken"] for link in links) / seconds,
            "let_go_per_s": sum(sum(link["dropped"].values()) for link in links) / seconds,
            "age_p50_ms": statistics.median(link["age_ms"]["p50"] for link in links),
            "age_p99_ms": statistics.median(link["age_ms"]["p99"] for link in links)}


def main():
    wanted = arguments()
    process, port = start(wanted.server)
    try:
        pid = worker_of(process.pid)
        rest_ns = at_rest(pid, wanted.rest) if wanted.rest else 0
        if wanted.viewers:
            busy_ns, counts, memory = watched(pid, port, wanted)
            found = figures_of(rest_ns, busy_ns, counts, wanted) | memory
        else:
            found = {"cpu_percent": at_rest(pid, wanted.seconds) / 1e7, "rss_end_mib": resident_mib(pid)}
    finally:
        stop(process)
    if wanted.summary:
        found |= own_links(wanted.summary)
    print(json.dumps(found))


main()
