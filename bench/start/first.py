"""Starts a program, waits for the first line it prints, and ends it.

usage: first.py [--camera PYTHON SERVER] [--rest SECONDS] [--own FOLDER] -- PROGRAM [ARGUMENT...]

With --camera an RTSP server is started first, and its address stands for the word CAMERA in the arguments. With --rest the
camera then falls silent for so long, and what the program holds and uses meanwhile is measured: everything is up, and
nothing comes. Figures, as one object of JSON: `first_ms`, `first_cpu_ms`, `files_mib` and `own_kib` (the size of all programs
and libraries that it had loaded, and of those from FOLDER, without what is for debuggers), `rest_mib`, `rest_cpu`.
"""
import argparse
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time

SETTLING_S, SETTLING_MOST_S, IDLE = 0.5, 10, 0.02


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--camera", nargs=2, metavar=("PYTHON", "SERVER"))
    parser.add_argument("--rest", type=float, default=0)
    parser.add_argument("--own", default="/nowhere")
    parser.add_argument("program", nargs="+")
    return parser.parse_args()


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextlib.contextmanager
def camera(wanted):
    """The server's process and address; None and "" if none is wanted."""
    if not wanted:
        yield None, ""
        return
    port = free_port()
    server = subprocess.Popen([*wanted, str(port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        if not server.stdout.readline():
            sys.exit("the RTSP server does not start")
        yield server, f"rtsp://127.0.0.1:{port}/ball"
    finally:
        server.kill()
        server.wait()


def end(process):
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def cpu_ns(process):
    """Of all its threads: the clock that Linux has for each process."""
    return time.clock_gettime_ns(~process.pid << 3 | 2)


def resident_mib(process):
    with open(f"/proc/{process.pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE") / 2**20


def files_loaded(process):
    with open(f"/proc/{process.pid}/maps", encoding="utf-8") as file:
        parts = [line.split(maxsplit=5) for line in file]
    return {part[5].strip() for part in parts if len(part) == 6 and "x" in part[1] and part[5].startswith("/")}


def size(path, own):
    """Of a file as it would be installed."""
    if not path.startswith(own):
        return os.path.getsize(path)
    with tempfile.NamedTemporaryFile() as stripped:
        subprocess.run(["strip", "--strip-unneeded", "-o", stripped.name, path], check=True)
        return os.path.getsize(stripped.name)


def sizes(process, own):
    each = {path: size(path, own) for path in files_loaded(process) if os.path.exists(path)}
    return {"files_mib": sum(each.values()) / 2**20,
            "own_kib": sum(bytes for path, bytes in each.items() if path.startswith(own)) / 1024}


def cpu_share(process, seconds):
    began, used = time.monotonic_ns(), cpu_ns(process)
    time.sleep(seconds)
    return (cpu_ns(process) - used) / (time.monotonic_ns() - began)


def at_rest(process, server, seconds):
    server.send_signal(signal.SIGSTOP)
    patience = time.monotonic() + SETTLING_MOST_S
    while cpu_share(process, SETTLING_S) > IDLE and time.monotonic() < patience:
        pass  # it works on what had come already
    return {"rest_cpu": cpu_share(process, seconds), "rest_mib": resident_mib(process)}


def measure(command, server, wanted):
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    drain = None
    try:
        if not process.stdout.readline():
            sys.exit(f"{os.path.basename(command[0])} ended without a line")
        found = {"first_ms": (time.monotonic() - began) * 1e3, "first_cpu_ms": cpu_ns(process) / 1e6}
        # What it goes on to print must not hold it up.
        drain = subprocess.Popen(["cat"], stdin=process.stdout, stdout=subprocess.DEVNULL)
        if wanted.rest:
            found.update(at_rest(process, server, wanted.rest))
        return found | sizes(process, os.path.join(os.path.abspath(wanted.own), ""))
    finally:
        end(process)
        if drain:
            drain.wait()


def main():
    wanted = arguments()
    with camera(wanted.camera) as (server, address):
        command = [part.replace("CAMERA", address) for part in wanted.program]
        print(json.dumps(measure(command, server, wanted)))


main()
