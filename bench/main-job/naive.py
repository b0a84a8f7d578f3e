"""The same job as one would write it in Python first: OpenCV reads and converts, ONNX Runtime computes, in one loop.

usage: naive.py SOURCE DESCRIPTION MODEL DETECTOR

Where Python has no package onnxruntime, the same library is called through DETECTOR, a shared library. What it passes on,
an array in and an array out, is what that package passes on.
"""
import ctypes
import json
import sys

import cv2
import numpy

SIDE, THRESHOLD, IOU, PAD = 512, 0.38, 0.5, 114


def labels(description):
    text = open(description, encoding="utf-8").read()
    return [label.strip() for label in text[text.index("labels: [") + 9:text.rindex("]")].split(",")]


def with_package(model):
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda blob: session.run(None, {name: blob})[0].reshape(-1, 6)


def with_library(description, model, library):
    detector = ctypes.CDLL(library)
    detector.detector_new.restype = ctypes.c_void_p
    detector.detector_run.restype = ctypes.POINTER(ctypes.c_float)
    detector.detector_run.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.POINTER(ctypes.c_int64)]
    handle, rows = detector.detector_new(description.encode(), model.encode()), ctypes.c_int64()

    def infer(blob):
        data = detector.detector_run(handle, blob.ctypes.data, rows)
        return numpy.ctypeslib.as_array(data, (rows.value, 6)).copy()
    return infer


def session_of(description, model, library):
    try:
        return with_package(model)
    except ImportError:
        return with_library(description, model, library)


def letterbox(picture):
    """The picture in the middle of a square; how much smaller it is, and how far from the corner."""
    height, width = picture.shape[:2]
    scale = SIDE / max(height, width)
    wide, high = round(width * scale), round(height * scale)
    left, top = (SIDE - wide) // 2, (SIDE - high) // 2
    small = cv2.resize(picture, (wide, high))
    square = cv2.copyMakeBorder(small, top, SIDE - high - top, left, SIDE - wide - left, cv2.BORDER_CONSTANT,
                                value=(PAD, PAD, PAD))
    return square, scale, left, top


def find(infer, picture, names):
    square, scale, left, top = letterbox(picture)
    rows = infer(cv2.dnn.blobFromImage(square, swapRB=True))
    rows = rows[rows[:, 4] >= THRESHOLD]
    boxes = (rows[:, :4] - (left, top, left, top)) / scale
    boxes[:, 2:] -= boxes[:, :2]
    kept = cv2.dnn.NMSBoxes(boxes.tolist(), rows[:, 4].tolist(), THRESHOLD, IOU)
    return [{"label": names[int(rows[i, 5])], "score": round(float(rows[i, 4]), 3),
             **{key: round(float(value), 1) for key, value in zip("xywh", boxes[i])}} for i in kept]


def main():
    source, description, model, library = sys.argv[1:5]
    cv2.setNumThreads(1)
    infer, names = session_of(description, model, library), labels(description)
    film, number = cv2.VideoCapture(source, cv2.CAP_FFMPEG), 0
    there, picture = film.read()
    while there:
        number += 1
        print(json.dumps({"frame": number, "boxes": find(infer, picture, names)}), flush=True)
        there, picture = film.read(picture)


main()
