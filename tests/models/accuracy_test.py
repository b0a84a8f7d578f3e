"""What the command finds in real pictures: people in a street against a better detector, cut-outs against the truth.

meson sets WEIR to the command; by hand: WEIR=build/weir python3 accuracy_test.py
"""
import json
import math
import os
import shutil
import struct
import subprocess
import tempfile
import unittest

import paths

WEIR = os.environ.get('WEIR', os.path.join(paths.ROOT, 'build/weir'))
SHARED = os.environ.get('WEIR_SHARED', os.path.join(os.path.dirname(paths.ROOT), 'shared'))
YOLOX = os.path.join(SHARED, 'data/models/yolox_nano.onnx')
SIDE = 416      # of what it is fed


def labels():
    """Those of the default model, as they are written in its description."""
    with open(os.path.join(paths.ROOT, 'models/coco.yaml'), encoding='utf-8') as file:
        text = file.read()
    return text[text.index('labels:'):]


def describe_yolox(folder, threshold):
    """Copies the model there and describes it, as a user would."""
    shutil.copy(YOLOX, os.path.join(folder, 'yolox_nano.onnx'))
    with open(os.path.join(folder, 'yolox_nano.yaml'), 'w', encoding='utf-8') as file:
        file.write('model: yolox_nano\ninput: {size: %dx%d, colour: bgr}\noutput: {decoder: yolox}\nthreshold: %g\n'
                   'nms: {iou: 0.45, classes: each}\n%s' % (SIDE, SIDE, threshold, labels()))
    return os.path.join(folder, 'yolox_nano.onnx')


def thin_out(clip, every, folder):
    """Every so many frames of a clip, as a clip that loses nothing."""
    path = os.path.join(folder, 'thin.mp4')
    subprocess.run(['ffmpeg', '-v', 'error', '-nostdin', '-i', clip, '-vf', r'select=not(mod(n\,%d))' % every, '-vsync',
                    'vfr', '-c:v', 'libx264', '-preset', 'ultrafast', '-qp', '0', '-g', '1', '-an', path], check=True)
    return path


def run(line):
    subprocess.run([WEIR, 'run', line], check=True, stdout=subprocess.DEVNULL, timeout=240)


def found(path):
    """frame -> boxes, from JSON lines."""
    with open(path, encoding='utf-8') as file:
        return {entry['frame']: entry['boxes'] for entry in map(json.loads, file)}


def overlap(a, b):
    wide = min(a['x'] + a['w'], b['x'] + b['w']) - max(a['x'], b['x'])
    high = min(a['y'] + a['h'], b['y'] + b['h']) - max(a['y'], b['y'])
    if wide <= 0 or high <= 0:
        return 0
    return wide * high / (a['w'] * a['h'] + b['w'] * b['h'] - wide * high)


def matches(boxes, truth, at_least):
    """How many of the true boxes were met, each box meeting one at most, the best first."""
    left, met = list(truth), 0
    for box in sorted(boxes, key=lambda box: -box.get('score', 1)):
        best = max(left, key=lambda other: overlap(box, other), default=None)
        if best and overlap(box, best) > at_least:
            left.remove(best)
            met += 1
    return met


@paths.needs(paths.LIBRARY, 'onnxruntime')
@paths.needs(paths.COCO, 'model')
@unittest.skipUnless(shutil.which('ffmpeg'), 'skipped: no ffmpeg')
class Accuracy(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix='weir-accuracy-')
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def at(self, name):
        return os.path.join(self.folder, name)

    @paths.needs(paths.STREET, 'clip')
    @unittest.skipUnless(os.path.exists(YOLOX), 'skipped: no yolox_nano.onnx to compare with')
    def test_people_in_the_street(self):
        other, clip = describe_yolox(self.folder, 0.5), thin_out(paths.STREET, 20, self.folder)
        run('video url=%s name=street ! detect classes=person ! jsonl path=%s ; @street ! detect classes=person model=%s ! '
            'jsonl path=%s' % (clip, self.at('ours'), other, self.at('theirs')))
        ours, theirs = found(self.at('ours')), found(self.at('theirs'))
        self.assertEqual(sorted(ours), sorted(theirs))
        met = sum(matches(ours[frame], theirs[frame], 0.5) for frame in ours)
        count, true = sum(map(len, ours.values())), sum(map(len, theirs.values()))
        print('accuracy_test: street: %d frames, %d persons, %d found, precision %.3f, recall %.3f'
              % (len(ours), true, count, met / count, met / true), flush=True)
        self.assertGreater(true, 150)
        self.assertGreaterEqual(met / count, 0.85)
        self.assertGreaterEqual(met / true, 0.75)

    @paths.needs(paths.CROPS, 'testclip')
    def test_cut_outs(self):
        with open(os.path.join(paths.DEPS, 'clips/crops.json'), encoding='utf-8') as file:
            truth = json.load(file)['frames']
        every = 8
        run('video url=%s ! detect ! jsonl path=%s' % (thin_out(paths.CROPS, every, self.folder), self.at('ours')))
        met = {}
        for frame, boxes in found(self.at('ours')).items():
            for box in truth[(frame - 1) * every]['boxes']:
                hit = matches([other for other in boxes if other['label'] == box['label']], [box], 0.5)
                met.setdefault(box['label'], []).append(hit)
        for label, hits in sorted(met.items()):
            print('accuracy_test: crops: %s recall %.3f of %d' % (label, sum(hits) / len(hits), len(hits)), flush=True)
        everything = [hit for hits in met.values() for hit in hits]
        print('accuracy_test: crops: recall %.3f of %d' % (sum(everything) / len(everything), len(everything)))
        self.assertEqual(sorted(met), ['car', 'dog', 'person'])
        self.assertGreaterEqual(sum(everything) / len(everything), 0.9)


@paths.needs(paths.LIBRARY, 'onnxruntime')
@paths.needs(paths.STREET, 'clip')
@unittest.skipUnless(shutil.which('ffmpeg'), 'skipped: no ffmpeg')
@unittest.skipUnless(os.path.exists(YOLOX), 'skipped: no yolox_nano.onnx to compare with')
class Formula(unittest.TestCase):
    """The yolox layout on a real model: the raw output, decoded here by its published formula, gives the same boxes."""

    def fed(self, rgb):
        """A square picture as planes of blue, green and red."""
        planes = [rgb[2::3], rgb[1::3], rgb[0::3]]
        return struct.pack('<%df' % (3 * SIDE * SIDE), *(value for plane in planes for value in plane))

    def candidates(self, values, threshold):
        row, place, boxes = 85, 0, []
        for stride in (8, 16, 32):
            for y in range(SIDE // stride):
                for x in range(SIDE // stride):
                    v = values[place:place + row]
                    place += row
                    score, label = max((v[4] * v[5 + k], k) for k in range(80))
                    if score < threshold:
                        continue
                    wide, high = math.exp(v[2]) * stride, math.exp(v[3]) * stride
                    boxes.append({'x': (v[0] + x) * stride - wide / 2, 'y': (v[1] + y) * stride - high / 2,
                                  'w': wide, 'h': high, 'score': score, 'label': label})
        self.assertEqual(place, len(values))
        return sorted(boxes, key=lambda box: -box['score'])

    def test_same_boxes(self):
        with tempfile.TemporaryDirectory() as folder:
            model, clip, out = describe_yolox(folder, 0.2), os.path.join(folder, 'one.mp4'), os.path.join(folder, 'out')
            square = ['-vf', r'select=eq(n\,400),scale=%d:%d' % (SIDE, SIDE), '-frames:v', '1']
            subprocess.run(['ffmpeg', '-v', 'error', '-nostdin', '-i', paths.STREET, *square, '-c:v', 'libx264', '-qp', '0',
                            clip], check=True)
            run('video url=%s ! detect model=%s ! jsonl path=%s' % (clip, model, out))
            ours = found(out)[1]
            values = paths.run_onnx(model, self.fed(paths.picture(clip, 0, SIDE, SIDE)))
        kept = []
        for box in self.candidates(values, 0.2):
            if all(overlap(box, other) <= 0.45 or box['label'] != other['label'] for other in kept):
                kept.append(box)
        print('accuracy_test: yolox formula: %d boxes, %d found' % (len(kept), len(ours)), flush=True)
        self.assertGreater(len(kept), 3)
        # The two colour conversions differ a little, and so do scores near the threshold.
        sure = [box for box in kept if box['score'] > 0.25]
        self.assertEqual(matches(ours, sure, 0.9), len(sure))
        self.assertLessEqual(abs(len(ours) - len(kept)), 2)


if __name__ == '__main__':
    paths.main()
