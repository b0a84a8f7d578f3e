"""The main job on a real film while its processes are killed. usage: film_test.py WEIR FILM MODEL (TAP): they are skipped where film or model is missing"""
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time

import running
from running import equal, expect, test

WEIR, FILM, MODEL = sys.argv[1:4]
PICTURES = 795
KILLS = int(os.environ.get("WEIR_TEST_KILLS", "60"))
STOPS = int(os.environ.get("WEIR_TEST_STOPS", "1"))


def run(line, *options):
    return running.Run(WEIR, line, *options, within_ms=0)


def numbers_of(lines):
    return [json.loads(line)["frame"] for line in lines if line.startswith("{")]


@test
def a_film_goes_on_where_its_reader_died():
    with tempfile.TemporaryFile("w+") as out:
        film = running.Run(WEIR, f"video name=v url={FILM} ! decode name=d ! jsonl path=- ; @d ! slow-consumer delay=4ms hold=4",
                           within_ms=0, stdout=out)
        kills = 0
        while film.process.poll() is None and kills < 12:
            time.sleep(0.15)
            if film.process.poll() is None:
                os.kill(film.worker("v"), signal.SIGKILL)
                kills += 1
        film.end()
        out.seek(0)
        numbers = numbers_of(out)
    equal(f"exit status: {film.said}", film.status, 0)
    expect("it was killed", film.node("v")["restarts"] >= 3, film.node("v"))
    equal("in order, none twice", numbers, sorted(set(numbers)))
    sent, unsure = film.link("v", "d")["offered"], film.node("v")["lost"]
    expect("every packet, but for those of which nobody knows", PICTURES - unsure <= sent <= PICTURES, sent, unsure)
    expect("of which there are few", unsure <= film.node("v")["restarts"] // 2, unsure)
    equal("every picture of these", len(numbers) + film.node("d")["lost"] + film.link("v", "d")["dropped"]["lost"], sent)


@test
def a_recording_goes_on_in_another_file():
    with tempfile.TemporaryDirectory() as folder:
        out = run(f"test-source size=320x240 rate=100 ! video-out name=o runner=process path={folder}/o.mp4", "--duration", "6s")
        for number in (1, 2):
            path = f"{folder}/o.mp4" if number == 1 else f"{folder}/o-{number}.mp4"
            while out.process.poll() is None and not (os.path.exists(path) and os.path.getsize(path)):
                time.sleep(0.01)
            os.kill(out.worker("o"), signal.SIGKILL)
        out.end()
        equal(f"exit status: {out.said}", out.status, 0)
        equal("restarts", out.node("o")["restarts"], 2)
        for name in ("o.mp4", "o-2.mp4", "o-3.mp4"):
            probe = subprocess.run(["ffprobe", "-v", "error", f"{folder}/{name}"], capture_output=True, text=True, check=False)
            equal(f"{name} can be played", (probe.returncode, probe.stderr), (0, ""))


def tell_times(job):
    """How long it took until what was killed was open again: all in all, and of that to load and to open."""
    again = job.times_open_again()
    for what, place in (("all in all", 0), ("to load and open", 1)):
        if ms := sorted(times[place] for times in again):
            print(f"# open again {len(ms)} times, {what}: half within {ms[len(ms) // 2]} ms, 99 % within "
                  f"{ms[len(ms) * 99 // 100]} ms, at most {ms[-1]} ms")
    if rest := sorted(whole - opening for whole, opening in again):
        print(f"# without loading and opening: half within {rest[len(rest) // 2]} ms, 99 % within "
              f"{rest[len(rest) * 99 // 100]} ms, at most {rest[-1]} ms")


def survives(names, how=signal.SIGKILL, pause_s=0.6):
    with tempfile.TemporaryDirectory() as folder:
        tries = max(3, KILLS // 6)
        job = running.main_job(WEIR, FILM, folder, 4 + tries * pause_s)
        for name in names:
            job.worker(name)
        killed = job.kill_at_random(tries, 11, names, pause_s, how)
        job.end(timeout=300 + tries)
        tell_times(job)
        print(f"# killed {killed} times")
        equal(f"exit status: {job.said[-2000:]}", job.status, 0)
        equal("errors", {node["name"]: node["errors"] for node in job.summary["nodes"] if node["errors"]}, {}, job.said[-2000:])
        equal("in processes", {node["name"] for node in job.summary["nodes"] if node["runner"] == "process"},
              {"camera", "camera-decode", "detect"})
        equal("states", {node["state"] for node in job.summary["nodes"]}, {"done"})
        restarts = {name: job.node(name)["restarts"] for name in names}
        expect("started again each time", 0 < killed - 2 - killed // 50 <= sum(restarts.values()) <= killed, killed, restarts)  # a kill may find one that is dying
        for node in job.summary["nodes"]:
            if node["name"] not in names:
                equal(f"{node['name']} was never started again", node["restarts"], 0, job.said[-4000:])
        with open(f"{folder}/events.jsonl", encoding="ascii") as events:
            numbers = numbers_of(events)
        equal("results in order, none twice", numbers, sorted(set(numbers)))
        equal("as many as the account says", len(numbers), job.link("detect", "events")["taken"])
        return job


@test
def the_detector_dies_and_the_recording_misses_nothing():
    job = survives(("detect",))
    tape = job.link("camera", "tape")
    equal("recorded", (tape["taken"], sum(tape["dropped"].values())), (tape["offered"], 0))
    expect("detected", job.link("detect", "events")["taken"] > 0, job.link("detect", "events"))


@test
def the_decoder_dies_and_the_recording_misses_nothing():
    job = survives(("camera-decode",))
    tape = job.link("camera", "tape")
    equal("recorded", (tape["taken"], sum(tape["dropped"].values())), (tape["offered"], 0))


@test
def the_source_dies_and_comes_back():
    job = survives(("camera",))
    expect("recorded", job.link("camera", "tape")["taken"] > 20, job.link("camera", "tape"))


@test
def a_detector_that_stands_still_is_replaced():
    generator = random.Random(5)
    with tempfile.TemporaryDirectory() as folder:
        job = running.main_job(WEIR, FILM, folder, 60 + 5 * STOPS)
        job.worker("detect")
        while job.process.poll() is None and not (os.path.exists(events := f"{folder}/events.jsonl") and os.path.getsize(events)):
            time.sleep(0.01)  # it works
        found = []
        for _ in range(STOPS):
            os.kill(detector := job.worker("detect"), signal.SIGSTOP)
            if (seconds := job.seconds_until_gone(detector)) is not None:
                found.append(seconds)
            job.worker("detect")
            time.sleep(generator.uniform(0.0, 0.6))
        job.interrupt().end()
        equal(f"times that it was stopped: {job.said[-2000:]}", len(found), STOPS)
        print(f"# stopped {len(found)} times, found and ended: half within {sorted(found)[len(found) // 2]:.2f} s, "
              f"99 % within {sorted(found)[len(found) * 99 // 100]:.2f} s, at most {max(found):.2f} s")
        tell_times(job)
        equal(f"exit status: {job.said[-2000:]}", job.status, 0)
        equal("replaced each time", job.node("detect")["restarts"], len(found))
        expect("and named", job.said.count("detect: its process was stopped by a signal") == len(found), job.said[-2000:])
        tape = job.link("camera", "tape")
        equal("recorded", (tape["taken"], sum(tape["dropped"].values())), (tape["offered"], 0))


if os.path.exists(FILM) and os.path.exists(MODEL):
    running.main()
else:
    print("1..0 # SKIP without the film and the model; `make test` has them")
