#!/usr/bin/env python3
"""Small ONNX models whose outputs are known, for detect_test.c: layouts.py TOOLS FOLDER.

Each model NAME.onnx gets a description NAME.yaml and, where it finds something in a picture of PICTURE, a file NAME.txt
with what that is: "label x y width height score", best first. That is computed here, from the layouts' definitions alone,
by other means than in the component: all candidates as tuples, in double precision.
"""
import math
import os
import random
import struct
import sys

sys.path.insert(0, sys.argv[1])
from tfjs2onnx import onnxfile as onnx  # noqa: E402

FOLDER = sys.argv[2]
WIDTH, HEIGHT = 96, 64
PICTURE = (200, 100)
LABELS = ['red', 'green', 'traffic light']
THRESHOLD, IOU = 0.3, 0.45
CELLS = [(stride, x, y) for stride in (8, 16, 32) for y in range(HEIGHT // stride) for x in range(WIDTH // stride)]


def single(value):
    """A number as 32 bits hold it."""
    return struct.unpack('<f', struct.pack('<f', value))[0]


def save(name, nodes, constants, out_dims, in_dims=(1, 3, HEIGHT, WIDTH), in_type=onnx.FLOAT, more_inputs=(), out='out'):
    inputs = [onnx.value_info('picture', in_type, list(in_dims)), *more_inputs]
    data = onnx.model('layouts', 'g', nodes, constants, inputs, [onnx.value_info(out, onnx.FLOAT, list(out_dims))])
    with open(os.path.join(FOLDER, name + '.onnx'), 'wb') as file:
        file.write(data)
    return data


def constant(name, dims, values):
    return onnx.tensor(name, onnx.FLOAT, list(dims), onnx.pack(onnx.FLOAT, values))


def save_constant(name, dims, values, **more):
    """A model that says the same of every picture."""
    shown = more.pop('shown', dims)
    return save(name, [onnx.node('Identity', ['c'], ['out'], 'n', {})], [constant('c', dims, values)], shown, **more)


def describe(name, decoder=None, resize='letterbox', classes='each', size=(WIDTH, HEIGHT), more=''):
    with open(os.path.join(FOLDER, name + '.yaml'), 'w', encoding='utf-8') as file:
        file.write('model: %s\ninput: {size: %dx%d, resize: %s}\nthreshold: %g\nnms: {iou: %g, classes: %s}\nlabels: [%s]\n'
                   % (name, *size, resize, THRESHOLD, IOU, classes, ', '.join(LABELS)))
        if decoder:
            file.write('output: {decoder: %s}\n' % decoder)
        file.write(more)


def overlap(a, b):
    wide, high = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if wide <= 0 or high <= 0:
        return 0
    return wide * high / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - wide * high)


def survivors(candidates, agnostic):
    left = sorted((c for c in candidates if c[4] >= THRESHOLD), key=lambda c: -c[4])
    kept = []
    while left:
        best = left.pop(0)
        kept.append(best)
        left = [c for c in left if overlap(best, c) <= IOU or (not agnostic and c[5] != best[5])]
    return kept


def place(resize):
    """(scale x, scale y, offset x, offset y) from the picture to the input."""
    if resize == 'stretch':
        return WIDTH / PICTURE[0], HEIGHT / PICTURE[1], 0, 0
    assert (WIDTH, HEIGHT, *PICTURE) == (96, 64, 200, 100)      # 0.48 of it is 96x48, 8 rows from the top
    return 0.48, 0.48, 0, 8


def expect(name, candidates, resize='letterbox', agnostic=False):
    across, down, left, top = place(resize)
    inside = [c for c in candidates
              if c[2] > left and c[3] > top and c[0] < left + PICTURE[0] * across and c[1] < top + PICTURE[1] * down]
    with open(os.path.join(FOLDER, name + '.txt'), 'w', encoding='utf-8') as file:
        for x1, y1, x2, y2, score, label in survivors(inside, agnostic):
            x1, x2 = (min(max((x - left) / across, 0), PICTURE[0]) for x in (x1, x2))
            y1, y2 = (min(max((y - top) / down, 0), PICTURE[1]) for y in (y1, y2))
            file.write('%d %.5f %.5f %.5f %.5f %.6f\n' % (label, x1, y1, x2 - x1, y2 - y1, score))


def centred(x, y, wide, high, score, label):
    return x - wide / 2, y - high / 2, x + wide / 2, y + high / 2, score, label


def argmax(scores):
    return max(range(len(scores)), key=lambda i: scores[i])


def some_box(chance):
    return [single(v) for v in (chance.uniform(-10, WIDTH + 10), chance.uniform(-10, HEIGHT + 10),
                                chance.uniform(4, 50), chance.uniform(4, 50))]


def centernet(name, resize, agnostic):
    chance, rows = random.Random(1), []
    for _ in range(100):
        x, y, wide, high = some_box(chance)
        rows.append([single(v) for v in (x, y, x + wide, y + high, chance.random())] + [chance.randrange(len(LABELS))])
    save_constant(name, (1, 100, 6), [v for row in rows for v in row])
    describe(name, resize=resize, classes='agnostic' if agnostic else 'each')
    expect(name, [tuple(row) for row in rows], resize, agnostic)


def yolox(name):
    chance, values, candidates = random.Random(2), [], []
    for stride, x, y in CELLS:
        row = [single(v) for v in (chance.uniform(-1, 2), chance.uniform(-1, 2), chance.uniform(-0.5, 1.2),
                                   chance.uniform(-0.5, 1.2), *(chance.random() for _ in range(1 + len(LABELS))))]
        values += row
        best = argmax(row[5:])
        candidates.append(centred((x + row[0]) * stride, (y + row[1]) * stride, math.exp(row[2]) * stride,
                                  math.exp(row[3]) * stride, row[4] * row[5 + best], best))
    save_constant(name, (1, len(CELLS), 5 + len(LABELS)), values)
    describe(name, 'yolox')
    expect(name, candidates)


def yolov5(name):
    chance, values, candidates = random.Random(3), [], []
    for _ in range(3 * len(CELLS)):
        row = some_box(chance) + [single(chance.random()) for _ in range(1 + len(LABELS))]
        values += row
        best = argmax(row[5:])
        candidates.append(centred(*row[:4], row[4] * row[5 + best], best))
    save_constant(name, (1, 3 * len(CELLS), 5 + len(LABELS)), values)
    describe(name)
    expect(name, candidates)


def yolov8(name):
    chance = random.Random(4)
    columns = [some_box(chance) + [single(chance.random() * 0.6) for _ in LABELS] for _ in CELLS]
    values = [column[i] for i in range(4 + len(LABELS)) for column in columns]
    save_constant(name, (1, 4 + len(LABELS), len(CELLS)), values)
    describe(name)
    expect(name, [centred(*c[:4], max(c[4:]), argmax(c[4:])) for c in columns])
    # The same, whose shapes are known only when it runs.
    save_constant(name + '-open', (1, 4 + len(LABELS), len(CELLS)), values, shown=(1, 4 + len(LABELS), -1),
                  in_dims=(-1, 3, -1, -1))
    describe(name + '-open', 'yolov8')
    expect(name + '-open', [centred(*c[:4], max(c[4:]), argmax(c[4:])) for c in columns])


def first_colour(name, colour):
    """One box whose score is the mean of what was fed as the first colour."""
    nodes = [onnx.node('GlobalAveragePool', ['picture'], ['mean'], 'a', {}),
             onnx.node('Reshape', ['mean', 'shape'], ['row'], 'b', {}),
             onnx.node('MatMul', ['row', 'first'], ['score'], 'c', {}),
             onnx.node('Concat', ['box', 'score', 'class'], ['out'], 'd', {'axis': 2})]
    constants = [onnx.tensor('shape', onnx.INT64, [3], onnx.pack(onnx.INT64, [1, 1, 3])),
                 constant('first', (3, 1), [1.0, 0.0, 0.0]), constant('box', (1, 1, 4), [8.0, 8.0, 48.0, 40.0]),
                 constant('class', (1, 1, 1), [1.0])]
    save(name, nodes, constants, (1, 1, 6))
    with open(os.path.join(FOLDER, name + '.yaml'), 'w', encoding='utf-8') as file:
        file.write('model: %s\ninput: {size: %dx%d, resize: stretch, colour: %s, scale: 0.00392156862745}\n'
                   'threshold: 0.001\nlabels: [%s]\n' % (name, WIDTH, HEIGHT, colour, ', '.join(LABELS)))


def odd_ones():
    """Models that are refused, and what is described of them wrongly."""
    row = (1, 1, 6)
    one = [8.0, 16.0, 40.0, 48.0, 0.9, 2.0]
    save_constant('good', row, one)
    describe('good', more='sha256: %064d\n' % 0)        # that of no file
    save_constant('wide', row, one)
    describe('wide', size=(WIDTH * 2, HEIGHT))
    save_constant('bytes', row, one, in_type=onnx.UINT8)
    describe('bytes')
    save_constant('scalar', (), [0.5])
    describe('scalar')
    save_constant('two', row, one, more_inputs=[onnx.value_info('more', onnx.FLOAT, [1])])
    describe('two')
    save_constant('strange', (1, 7, 7, 7), [0.0] * 343)
    describe('strange')
    save_constant('doubt', (1, len(CELLS), 8), [0.0] * (8 * len(CELLS)))
    describe('doubt')
    save_constant('unfit', (1, len(CELLS), 8), [0.0] * (8 * len(CELLS)))
    describe('unfit', 'yolov8')
    save_constant('misnamed', row, one)
    describe('misnamed', 'yolow')
    outside = (onnx.int_field(1, 1) + onnx.int_field(1, 1) + onnx.int_field(1, 6) + onnx.int_field(2, onnx.FLOAT)
               + onnx.bytes_field(8, 'c')
               + onnx.bytes_field(13, onnx.bytes_field(1, 'location') + onnx.bytes_field(2, 'weights.bin'))
               + onnx.int_field(14, 1))
    save('outside', [onnx.node('Identity', ['c'], ['out'], 'n', {})], [outside], row)
    describe('outside')
    with open(os.path.join(FOLDER, 'corrupt.onnx'), 'wb') as file:
        file.write(random.Random(5).randbytes(5000))
    describe('corrupt')
    describe('nowhere', more='install: make nowhere\n')
    save_constant('alone', row, one)
    save_constant('endless', row, one, out='nothing')
    describe('endless')
    save_constant('torn', (1, 2, 6), one)
    describe('torn')


def nothing():
    """As of a model that leaves out what it is not sure of, and sees nothing."""
    save_constant('nothing', (1, 0, 6), [], shown=(1, -1, 6))
    describe('nothing')


centernet('centernet', 'letterbox', False)
centernet('stretched', 'stretch', False)
centernet('agnostic', 'letterbox', True)
yolox('yolox')
yolov5('yolov5')
yolov8('yolov8')
first_colour('rgb', 'rgb')
first_colour('bgr', 'bgr')
odd_ones()
nothing()
