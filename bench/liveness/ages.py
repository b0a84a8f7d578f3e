"""What the Python contenders note: how old each frame was when its consumer took it."""
import json
import threading
import time


class Ages:
    """Of one consumer. Any thread may note."""

    def __init__(self, delay_ms):
        self.delay_ms, self.lock, self.noted = delay_ms, threading.Lock(), []

    def note(self, due_s):
        age_ms = (time.monotonic() - due_s) * 1e3
        with self.lock:
            self.noted.append(age_ms)

    def figures(self):
        with self.lock:
            ordered = sorted(self.noted)
        if not ordered:
            return {f"c{self.delay_ms}_frames": 0}
        found = {"p50": ordered[len(ordered) // 2], "p99": ordered[len(ordered) * 99 // 100], "max": ordered[-1],
                 "frames": len(ordered)}
        return {f"c{self.delay_ms}_{key}": value for key, value in found.items()}


def report(consumers, **more):
    figures = dict(more)
    for consumer in consumers:
        figures.update(consumer.figures())
    print(json.dumps(figures), flush=True)
