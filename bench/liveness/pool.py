"""A camera that hands every frame to every consumer by way of a thread pool: usage: pool.py SECONDS DELAY_MS...

Nobody blocks the camera. The pool has its usual number of threads and its usual queue, which has no bound. A camera's
pictures are new each time, so each frame has one of its own.
"""
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from ages import Ages, report

RATE = 30
PICTURE_BYTES = 640 * 360 * 3 // 2


@dataclass
class Frame:
    number: int
    due_s: float
    picture: bytes


class Consumer:
    """Needs delay_ms for each frame."""

    def __init__(self, delay_ms):
        self.delay_s, self.ages = delay_ms / 1000, Ages(delay_ms)

    def take(self, frame):
        self.ages.note(frame.due_s)
        time.sleep(self.delay_s)


class MockCamera:
    """Publishes a still picture at a rate."""

    def __init__(self, pool, consumers):
        self.pool, self.consumers, self.still = pool, consumers, bytearray(PICTURE_BYTES)
        self.lock, self.waiting, self.waiting_max = threading.Lock(), 0, 0

    def count(self, step):
        with self.lock:
            self.waiting += step
            self.waiting_max = max(self.waiting_max, self.waiting)

    def hand_over(self, consumer, frame):
        self.count(-1)
        consumer.take(frame)

    def publish(self, frame):
        for consumer in self.consumers:
            self.count(1)
            self.pool.submit(self.hand_over, consumer, frame)

    def run(self, seconds):
        start_s = time.monotonic()
        for number in range(int(seconds * RATE)):
            due_s = start_s + number / RATE
            time.sleep(max(0, due_s - time.monotonic()))
            self.publish(Frame(number, due_s, bytes(self.still)))


def main():
    consumers = [Consumer(int(delay_ms)) for delay_ms in sys.argv[2:]]
    pool = ThreadPoolExecutor()
    camera = MockCamera(pool, consumers)
    camera.run(float(sys.argv[1]))
    report([consumer.ages for consumer in consumers], waiting_max=camera.waiting_max)
    pool.shutdown(wait=False, cancel_futures=True)


main()
