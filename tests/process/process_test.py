"""Worker processes, from outside: what they do, and what is left when they are killed. usage: process_test.py WEIR PLUGIN (TAP)"""
import ctypes
import os
import random
import signal
import sys
import tempfile
import time

import running
from running import Wrong, equal, expect, name_of, test

WEIR, PLUGIN = sys.argv[1:3]
KILLS = int(os.environ.get("WEIR_TEST_KILLS", "60"))


class Run(running.Run):
    def __init__(self, line, *options, **times):
        self.lines = tempfile.NamedTemporaryFile()
        super().__init__(WEIR, line.replace("METER", f"jsonl name=meter path={self.lines.name}"), "--plugin", PLUGIN, *options,
                         **times)

    def until_metered(self, frames):
        """Until that many frames have come to METER in the line, a sink that can be read while it runs."""
        def has_them(_):
            with open(self.lines.name, "rb") as lines:
                return lines.read().count(b"\n") >= frames
        return self.until(has_them)


CHAIN = "p-source name=s frames={} ! p-relay name=a ! p-check name=z"


@test
def every_frame_crosses_whatever_runs_where():
    for where in ("s", "a", "z", "sa", "az", "sz", "saz"):
        line = CHAIN.format(3000)
        for name in where:
            line = line.replace(f"name={name}", f"name={name} runner=process")
        run = Run(line).end()
        equal(f"{where}: exit status, {run.said}", run.status, 0)
        equal(f"{where}: frames", run.node("z")["frames_in"], 3000)
        equal(f"{where}: errors", [node["errors"] for node in run.summary["nodes"]], [0, 0, 0])
        equal(f"{where}: runners", [run.node(name)["runner"] for name in where], ["process"] * len(where))


@test
def a_group_shares_a_process():
    line = "p-source name=s rate=100 runner=process group=g ! p-relay name=a runner=process group=g ! p-check name=z"
    run = Run(line, "--duration", "1s")
    while not run.workers():
        time.sleep(0.01)
    equal("workers", len(run.workers()), 1)
    run.end()
    equal("exit status", run.status, 0)
    expect("frames", run.link("s", "a")["taken"] > 20, run.link("s", "a"))


@test
def replicas_each_have_a_process():
    run = Run("p-source name=s frames=2000 ! p-relay name=a runner=process replicas=2 ! p-check name=z").end()
    equal(f"exit status: {run.said}", run.status, 0)
    equal("runners", [run.node(f"a-{i}")["runner"] for i in (1, 2)], ["process"] * 2)
    equal("frames", run.node("z")["frames_in"], 2000)
    equal("errors", [node["errors"] for node in run.summary["nodes"]], [0] * 6)


@test
def all_of_a_pipeline_can_be_told_to():
    run = Run(CHAIN.format(500), "--runner", "process").end()
    equal("exit status", run.status, 0)
    equal("runners", {node["runner"] for node in run.summary["nodes"]}, {"process"})
    equal("frames", run.node("z")["frames_in"], 500)


@test
def killed_at_random_nothing_leaks_and_the_rest_goes_on():
    generator = random.Random(7)
    line = ("p-source name=s rate=2000 runner=process ! p-relay name=a take=latest runner=process ! p-check name=z "
            "runner=process ; @s ! p-relay name=b ! @z ; @s ! p-check name=here")
    run = Run(line, within_ms=0)
    for _ in range(KILLS):
        time.sleep(generator.uniform(0.0, 0.15))
        expect("it still runs", run.process.poll() is None, run.process.poll())
        workers = run.workers()
        if workers:
            os.kill(generator.choice(workers), signal.SIGKILL)
    time.sleep(0.5)
    run.interrupt().end()
    equal(f"exit status: {run.said[-2000:]}", run.status, 0)
    equal("errors", {node["name"]: node["errors"] for node in run.summary["nodes"] if node["errors"]}, {},
          "\n".join(line for line in run.said.splitlines() if "started again" not in line))
    restarts = sum(node["restarts"] for node in run.summary["nodes"])
    expect("they were started again", restarts > KILLS * 0.7, restarts)
    lost = sum(node["lost"] for node in run.summary["nodes"])
    expect("what was in hand is lost, no more", lost <= restarts, lost, restarts)


@test
def on_a_stream_that_waits_only_what_was_in_hand_is_lost():
    generator = random.Random(8)
    run = Run("p-source name=s frames=300000 ! p-relay name=a runner=process ! p-check name=z", within_ms=0)
    for _ in range(max(4, KILLS // 10)):
        time.sleep(generator.uniform(0.05, 0.2))
        for worker in run.workers()[:1]:
            os.kill(worker, signal.SIGKILL)
    run.end()
    equal(f"exit status: {run.said[-2000:]}", run.status, 0)
    first, second = run.link("s", "a"), run.link("a", "z")
    equal("all were offered", first["offered"], 300000)
    equal("none was let go for want of room", first["dropped"]["overflow"], 0)
    gone = first["dropped"]["lost"] + run.node("a")["lost"] + second["dropped"]["lost"]
    expect("what is gone is known", 300000 - run.node("z")["frames_in"] <= gone + run.node("a")["restarts"],
           run.node("z")["frames_in"], gone)
    equal("errors", run.node("z")["errors"], 0)


def nothing_is_wrong(run):
    equal(f"exit status: {run.said[-2000:]}", run.status, 0)
    equal("errors", {node["name"]: node["errors"] for node in run.summary["nodes"] if node["errors"]}, {},
          "\n".join(line for line in run.said.splitlines() if "started again" not in line))
    expect("restarts", sum(node["restarts"] for node in run.summary["nodes"]) > 0)


@test
def groups_are_killed_too():
    for line in ("p-source name=s rate=2000 runner=process group=g ! p-relay name=a runner=process group=g ! p-check name=z",
                 "p-source name=s rate=2000 runner=process group=g ! p-relay name=a runner=process ! "
                 "p-check name=z runner=process group=g"):
        run = Run(line, within_ms=0)
        run.kill_at_random(KILLS // 3, 3)
        time.sleep(0.3)
        run.process.send_signal(signal.SIGINT)
        nothing_is_wrong(run.end())


@test
def a_source_that_dies_while_it_should_end_ends():
    run = Run("p-source name=s rate=500 runner=process ! p-check name=z", within_ms=0)
    while name_of((run.workers() + [0])[0]) is None:
        time.sleep(0.01)
    time.sleep(0.3)  # it works
    source = run.workers()[0]
    os.kill(source, signal.SIGSTOP)  # so that it is told to end, and cannot
    run.process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    os.kill(source, signal.SIGKILL)
    run.end(timeout=20)
    equal(f"exit status: {run.said}", run.status, 0)
    equal("restarts", run.node("s")["restarts"], 1)


@test
def a_producer_dies_after_its_consumer_was_given_up():
    run = Run("p-source name=s rate=500 runner=process ! p-break name=b at=1 runner=process ; @s ! p-check name=z ; @s ! METER",
              "--log-level", "info").until(lambda run: "weir: error: b: " in run.said_so_far())
    os.kill(run.worker("s"), signal.SIGKILL)
    run.until(lambda run: "s: is open again" in run.said_so_far()).until_metered(700).interrupt().end()
    equal("exit status", run.status, 1)
    equal("given up", run.node("b")["state"], "failed")
    expect("killed", run.node("s")["restarts"] > 0, run.node("s"))
    equal("nobody offers to it", run.link("s", "b")["cut"], True)
    expect("the other goes on", run.node("z")["frames_in"] > 500, run.node("z"))


def saw_all(run, least):
    """The node beside it was kept waiting by nothing."""
    link = run.link("s", "z")
    equal("the other saw all", (link["taken"], sum(link["dropped"].values())), (link["offered"], 0))
    expect("of which there were some", link["taken"] >= least, link)


@test
def one_that_is_stopped_at_birth_keeps_nobody_from_ending():
    run = Run("p-source name=s rate=500 ! p-check name=z runner=process ; @s ! p-check name=here")
    while name_of((run.workers() + [0])[0]) is None:
        pass  # before that, it and the thread that starts it are one
    os.kill(run.workers()[0], signal.SIGSTOP)
    time.sleep(0.3)
    run.process.send_signal(signal.SIGINT)
    run.process.send_signal(signal.SIGINT)
    run.end(timeout=20)


@test
def one_that_is_stopped_before_it_works_is_replaced():
    run = Run("p-source name=s rate=100 ! p-check name=z runner=process ; @s ! p-check name=here")
    while name_of((run.workers() + [0])[0]) is None:
        pass
    os.kill(first := run.workers()[0], signal.SIGSTOP)
    expect("ended", run.seconds_until_gone(first) is not None)
    run.worker("z")
    run.interrupt().end()
    equal(f"exit status: {run.said}", run.status, 0)
    expect("named", "z: its process was stopped by a signal" in run.said, run.said)
    equal("replaced", run.node("z")["restarts"], 1)


@test
def one_that_a_debugger_holds_is_replaced():
    libc = ctypes.CDLL(None, use_errno=True)
    run = Run("p-source name=s rate=100 ! METER runner=process").until_metered(1)
    held = run.worker("meter")
    traced = libc.ptrace(16, held, None, None) == 0  # PTRACE_ATTACH
    why = "" if traced else f"nobody may trace here: {os.strerror(ctypes.get_errno())}"
    while traced and not os.WIFSIGNALED(os.waitpid(held, 0x40000000)[1]):  # __WALL; until it is killed
        pass
    if traced:
        expect("ended", run.seconds_until_gone(held) is not None)
        run.worker("meter")
    run.interrupt().end()
    equal(f"exit status: {run.said}", run.status, 0)
    expect("named", not traced or "meter: its process did not answer" in run.said, run.said)
    return why


def replaced(how, limit, words):
    run = Run(f"p-source name=s rate=100 ! p-break name=b how={how} at=20 runner=process {limit} ; @s ! p-check name=z ; @s ! METER",
              "--log-level", "info", within_ms=0)
    run.until(lambda run: run.times_open_again()).until_metered(70).interrupt().end()
    equal(f"exit status: {run.said}", run.status, 0)
    expect("replaced", run.node("b")["restarts"] >= 1, run.node("b"))
    expect("and why", f"weir: warning: b: {words}" in run.said, run.said)
    saw_all(run, 50)


@test
def one_that_stands_still_is_replaced():
    replaced("stop", "", "its process was stopped by a signal for 1.3 s and was ended")


@test
def one_that_comes_back_is_open_when_it_says_so():
    run = Run("p-source name=s rate=100 ! p-break name=b how=open-slowly at=5 runner=process ; @s ! p-check name=z",
              "--log-level", "info", within_ms=0).until(lambda run: len(run.times_open_again()) > 2).interrupt().end()
    expect("what it takes to open is waited for", all(opening >= 400 for _, opening in run.times_open_again()), run.said)


@test
def one_that_loops_for_ever_is_replaced():
    replaced("loop", "deadline=300ms", "it used more than 0.3 s of processor time in one call")


@test
def one_that_does_not_come_back_is_replaced():
    replaced("sleep", "stall=700ms", "it did not come back from a call for 0.7 s")


@test
def one_that_wants_more_memory_than_it_may_is_replaced():
    if not os.environ.get("WEIR_SANITIZED"):  # which maps terabytes
        replaced("eat", "memory=96MiB", "out of memory, limit 96 MiB; raise memory= (its process was ended by signal 6 (Aborted))")


@test
def limits_are_of_processes():
    run = Run("p-source name=s frames=10 ! p-relay name=a memory=64MiB ! p-check name=z").end()
    equal("refused", run.status, 2)
    expect("in one sentence", "a: memory=, files= and deadline= are limits of a process; say runner=process too" in run.said, run.said)


@test
def the_summary_tells_of_sandboxes():
    run = Run("p-source name=s frames=100 ! p-relay name=a runner=process files=64 ! p-check name=z", "--sandbox", "report").end()
    equal("exit status", run.status, 0)
    expect("level", run.node("a")["sandbox"] in ("full", "partial", "none"), run.node("a"))
    expect("in words", "; no network; 64 files" in run.node("a")["sandbox_holds"], run.node("a"))
    expect("of processes alone", "sandbox" not in run.node("z"), run.node("z"))


def given_up(how):
    run = Run(f"p-source name=s rate=200 ! p-break name=b {how} runner=process ; @s ! p-check name=z ; @s ! METER")
    run.until(lambda run: "weir: error: b: " in run.said_so_far()).until_metered(70).interrupt().end()
    equal("exit status", run.status, 1)
    equal("state", run.node("b")["state"], "failed")
    equal("restarts", run.node("b")["restarts"], 5)
    expect("one clear sentence", "weir: error: b: " in run.said and "signal 6" in run.said, run.said)
    saw_all(run, 50)


@test
def one_that_always_crashes_is_given_up_and_the_rest_delivers():
    given_up("at=2")


@test
def one_that_crashes_at_every_start_is_given_up():
    given_up("how=at-open")


@test
def one_that_is_refused_is_the_reason_whoever_crashed_beside_it():
    run = Run("p-source name=s ! p-break name=b how=at-open runner=process ; "
              "@s ! p-break name=c how=refuse-late runner=process").end()
    equal("exit status", run.status, 2)
    for sentence in (": b: its process was ended by signal 6", ": c: it does not want to"):
        expect("both are named", sentence in run.said, run.said)


def never_open(stall, duration):
    line = f"p-source name=s frames=50 ! p-break name=b how=loop-at-open runner=process stall={stall} ; @s ! p-check name=z"
    return Run(line, "--duration", duration, opens_ms=500)


@test
def one_that_never_opens_is_given_up_and_the_rest_delivers():
    run = never_open("1s", "5s").end()
    equal("exit status", run.status, 1)
    equal("it", (run.node("b")["state"], run.node("b")["restarts"]), ("failed", 0))
    expect("one clear sentence", "weir: error: b: it was not open within 1 s" in run.said, run.said)
    equal("the other's frames", run.node("z")["frames_in"], 50)
    equal("the end", run.summary["end"], "failed")


@test
def one_that_may_take_its_time_to_open_does():
    run = never_open("0s", "1500ms").end()
    expect("nobody gave it up", "not open within" not in run.said and run.node("b")["restarts"] == 0, run.said)
    equal("the end", run.summary["end"], "duration")


@test
def the_sandbox_holds():
    for how, what in (("open", ""), ("socket", ""), ("exec", "stopped by the sandbox: it made system call")):
        run = Run(f"p-source name=s rate=200 ! p-break name=b how={how} at=3 runner=process", "--duration", "1s").end()
        if what:
            expect(f"{how}: stopped", what in run.said, run.said)
            equal(f"{how}: restarts", run.node("b")["restarts"], 5)
        else:
            equal(f"{how}: refused", (run.status, run.node("b")["restarts"]), (0, 0))


@test
def one_that_lies_about_its_pictures_leads_nobody_astray():
    for when in ("before", "after"):
        run = Run(f"p-source name=s rate=1000 lies={when} runner=process ! p-check name=z ; "
                  "p-source name=t rate=1000 runner=process ! p-check name=y", "--duration", "3s").end()
        expect(f"{when}: ended, not crashed", run.status in (0, 1), run.status, run.said)
        equal(f"{when}: errors", [run.node(name)["errors"] for name in "zy"], [0, 0], run.said)
        expect(f"{when}: the true ones came", run.node("z")["frames_in"] > 90, run.node("z"))
        expect(f"{when}: the others are not touched", run.node("y")["frames_in"] > 300, run.node("y"))
        if when == "before":
            expect("it is named", "what came from s made no sense" in run.said, run.said)


@test
def killed_with_the_engine():
    run = Run("p-source name=s rate=100 runner=process ! p-check name=z runner=process")
    while len(run.workers()) < 2:
        time.sleep(0.01)
    workers = run.workers()
    run.process.kill()
    run.process.communicate()
    for _ in range(200):
        if not any(os.path.exists(f"/proc/{pid}/exe") for pid in workers):
            return
        time.sleep(0.01)
    raise Wrong(f"workers outlive the engine: {workers}")


running.main()
