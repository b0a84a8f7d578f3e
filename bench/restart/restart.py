"""restart.py WEIR FILM NODE KILL|STOP TIMES: ends the process of NODE again and again, and tells how long it took to come back."""
import json
import os
import random
import signal
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "process"))
import running  # noqa: E402


def hit(job, node, how, times):
    """Seconds until each was gone."""
    generator, found = random.Random(1), []
    job.worker(node)
    time.sleep(2)  # the job is under way
    for number in range(1, times + 1):
        time.sleep(generator.uniform(0.0, 0.3))
        os.kill(process := job.worker(node), how)
        found.append(job.seconds_until_gone(process))
        job.until(lambda job, number=number: len(job.times_open_again()) >= number)
    return found


def at(sorted_values, share):
    return sorted_values[min(len(sorted_values) - 1, int(len(sorted_values) * share))]


def main():
    weir, film, node, how, times = *sys.argv[1:5], int(sys.argv[5])
    with tempfile.TemporaryDirectory() as folder:
        job = running.main_job(weir, film, folder, 600)
        found = hit(job, node, getattr(signal, f"SIG{how}"), times)
        job.interrupt().end()
    again = sorted(whole for whole, _ in job.times_open_again())
    own = sorted(whole - opening for whole, opening in job.times_open_again())
    tape = job.link("camera", "tape")
    true = job.status == 0 and tape["taken"] == tape["offered"] and job.node(node)["restarts"] == times
    print(json.dumps({"again_p50_ms": at(again, 0.5), "again_p99_ms": at(again, 0.99), "again_max_ms": again[-1],
                      "own_p50_ms": at(own, 0.5), "own_p99_ms": at(own, 0.99), "found_max_s": max(found), "times": len(again),
                      "true": int(true)}))


main()
