"""Where things lie, and running an ONNX model from Python by way of run_onnx.c."""
import os
import struct
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DEPS = os.path.join(ROOT, 'deps')
LIBRARY = os.path.join(DEPS, 'onnxruntime/lib/libonnxruntime.so')
INCLUDE = os.path.join(DEPS, 'onnxruntime/include')
STREET = os.path.join(DEPS, 'clips/street.mp4')
CROPS = os.path.join(DEPS, 'clips/crops.mp4')
COCO = os.path.join(DEPS, 'models/coco.onnx')
sys.path.insert(0, os.path.join(ROOT, 'tools'))

_runner = None


def needs(path, group):
    """Skips a test, and says why, where something that set-up brings is not there."""
    return unittest.skipUnless(os.path.exists(path), 'skipped: no %s; scripts/setup.sh %s brings it'
                               % (os.path.relpath(path, ROOT), group))


def runner():
    """The path of run_onnx, compiled once."""
    global _runner
    if _runner is None:
        folder = tempfile.TemporaryDirectory(prefix='weir-run-onnx-')
        path = os.path.join(folder.name, 'run_onnx')
        source = os.path.join(ROOT, 'tests/models/run_onnx.c')
        subprocess.run(['cc', '-O2', '-I' + INCLUDE, source, '-ldl', '-o', path], check=True)
        _runner = (path, folder)
    return _runner[0]


def run_onnx(model, values):
    """Runs the model (bytes, or a path) on one input and returns all its outputs as one list of floats."""
    with tempfile.NamedTemporaryFile(suffix='.onnx') as file:
        if isinstance(model, bytes):
            file.write(model)
            file.flush()
        path = file.name if isinstance(model, bytes) else model
        data = values if isinstance(values, bytes) else struct.pack('<%df' % len(values), *values)
        done = subprocess.run([runner(), LIBRARY, path, '2'], input=data, stdout=subprocess.PIPE, check=True)
    return list(struct.unpack('<%df' % (len(done.stdout) // 4), done.stdout))


def picture(clip, frame, width, height):
    """One frame of a clip as RGB bytes."""
    command = ['ffmpeg', '-v', 'error', '-nostdin', '-i', clip, '-vf',
               r'select=eq(n\,%d),scale=%d:%d' % (frame, width, height), '-frames:v', '1',
               '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-']
    return subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout


def main():
    """Runs the tests of a file; exits with 77 where all of them were skipped, so that meson says so."""
    result = unittest.main(exit=False).result
    if result.wasSuccessful() and result.skipped and result.testsRun <= len(result.skipped):
        sys.exit(77)
    sys.exit(not result.wasSuccessful())
