"""The loop that OpenCV's tutorials show: read a frame, do all that is to be done with it, read the next.
usage: loop.py SECONDS FILM DELAY_MS...

The film stands for a camera: frame n is there from n/30 s on, and waits to be read, as those of a camera wait in buffers
of the system, the driver or the network.
"""
import sys
import time

import cv2
from ages import Ages, report

RATE = 30


def read(film, path):
    """The next frame; the film begins again at its end."""
    good, picture = film.read()
    if not good:
        film.open(path)
        good, picture = film.read()
    if not good:
        sys.exit(f"loop: {path} cannot be read")
    return picture


def main():
    seconds, path, consumers = float(sys.argv[1]), sys.argv[2], [Ages(int(delay_ms)) for delay_ms in sys.argv[3:]]
    film = cv2.VideoCapture(path)
    start_s, number = time.monotonic(), 0
    while time.monotonic() < start_s + seconds:
        due_s = start_s + number / RATE
        time.sleep(max(0, due_s - time.monotonic()))
        read(film, path)
        for consumer in consumers:
            consumer.note(due_s)
            time.sleep(consumer.delay_ms / 1000)
        number += 1
    report(consumers)


main()
