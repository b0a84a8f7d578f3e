"""The same with OpenCV: convert.py SIDE COUNT PICTURES INPUT. See convert.c."""
import json
import statistics
import sys
import time

import cv2
import numpy

WIDTH, HEIGHT, PAD = 1920, 1080, 114


def main():
    side, count = int(sys.argv[1]), int(sys.argv[2])
    cv2.setNumThreads(1)
    pictures = numpy.fromfile(sys.argv[3], numpy.uint8).reshape(-1, HEIGHT * 3 // 2, WIDTH)
    wide, high = side, round(HEIGHT * side / WIDTH)
    top = (side - high) // 2
    # Both are kept: new memory for each picture would cost more than the work.
    colours = numpy.empty((HEIGHT, WIDTH, 3), numpy.uint8)
    square = numpy.full((side, side, 3), PAD, numpy.uint8)

    def convert(picture):
        cv2.cvtColor(picture, cv2.COLOR_YUV2BGR_I420, dst=colours)
        cv2.resize(colours, (wide, high), dst=square[top:top + high])
        return cv2.dnn.blobFromImage(square, swapRB=True)

    took = []
    for picture in pictures:
        convert(picture)
    for number in range(count):
        began = time.thread_time_ns()
        convert(pictures[number % len(pictures)])
        took.append(time.thread_time_ns() - began)
    mine, weirs = convert(pictures[0]).ravel(), numpy.fromfile(sys.argv[4], numpy.float32)
    print(json.dumps({"us": statistics.median(took) / 1e3, "differs": round(float(abs(mine - weirs).mean()), 2)}))


main()
