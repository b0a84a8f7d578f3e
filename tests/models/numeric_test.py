"""The converted models compute what TensorFlow.js computes: both run on the same picture, every number is compared.

Fetches TensorFlow.js and the models' package with npm (pinned, kept under deps/test) and says it is skipped where that
cannot be done.
"""
import array
import hashlib
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
import unittest

import paths
from tfjs2onnx.convert import convert, dims_of, signature

FETCHED = os.path.join(paths.DEPS, 'test')
TFJS = ('@tensorflow/tfjs', '4.22.0', '30 MB', '56505c191e24116787477b3bb5bb1cc0cf1c2bdce8112b9c402a8a2d31cf2f00')
HUMAN = ('@vladmandic/human', '3.3.6', '29 MB', '425e9c51dbbca0c8934362b170cb0d54c2529c11c654b3c03092b16e9d6ad3f7')

# what may differ, as a part of the largest value of that output: sums in float32 in another order
TOLERANCE = 2e-5


def fetch(package):
    """Unpacks a package under deps/test, once; skips the test where npm cannot bring it."""
    name, version, size, sha256 = package
    folder = os.path.join(FETCHED, '%s-%s' % (name.strip('@').replace('/', '-'), version))
    if os.path.isdir(folder):
        return os.path.join(folder, 'package')
    if not shutil.which('npm'):
        raise unittest.SkipTest('skipped: %s %s is needed and there is no npm' % (name, version))
    os.makedirs(FETCHED, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=FETCHED) as scratch:
        print('numeric_test: downloading %s %s from npm (%s)' % (name, version, size), flush=True)
        try:
            packed = subprocess.run(['npm', 'pack', '--prefer-offline', '--fetch-retries=0', '--loglevel=error',
                                     '%s@%s' % (name, version)], cwd=scratch, timeout=120, stdin=subprocess.DEVNULL,
                                    stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        except subprocess.TimeoutExpired:
            raise unittest.SkipTest('skipped: npm does not bring %s %s in time' % (name, version)) from None
        files = [file for file in os.listdir(scratch) if file.endswith('.tgz')]
        if packed.returncode or len(files) != 1:
            raise unittest.SkipTest('skipped: npm cannot bring %s %s here' % (name, version))
        tarball = os.path.join(scratch, files[0])
        with open(tarball, 'rb') as file:
            found = hashlib.sha256(file.read()).hexdigest()
        if found != sha256:
            raise AssertionError('%s %s: sha256 is %s' % (name, version, found))
        with tarfile.open(tarball) as archive:
            archive.extractall(os.path.join(scratch, 'unpacked'))
        os.rename(os.path.join(scratch, 'unpacked'), folder)
    return os.path.join(folder, 'package')


def planes(rgb):
    """RGB pixels as three planes of floats: NHWC to NCHW."""
    return array.array('f', list(rgb[0::3]) + list(rgb[1::3]) + list(rgb[2::3]))


def split(values, counts):
    """The values as consecutive runs of so many."""
    start = 0
    for count in counts:
        yield values[start:start + count]
        start += count


@paths.needs(paths.LIBRARY, 'onnxruntime')
@paths.needs(paths.STREET, 'clip')
class SameNumbers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.tfjs = os.path.join(fetch(TFJS), 'dist/tf.min.js')
        cls.models = os.path.join(fetch(HUMAN), 'models')

    def by_tfjs(self, model, pixels, dims, outputs):
        """What TensorFlow.js computes: one list of values for each output."""
        with tempfile.TemporaryDirectory() as folder:
            input_path, output_path = os.path.join(folder, 'in.f32'), os.path.join(folder, 'out.f32')
            with open(input_path, 'wb') as file:
                array.array('f', list(pixels)).tofile(file)
            script = os.path.join(paths.ROOT, 'tests/models/run_tfjs.js')
            command = ['node', script, self.tfjs, model, input_path, output_path, 'x'.join(map(str, dims)), *outputs]
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            self.assertEqual(done.returncode, 0, done.stderr)
            values = array.array('f')
            with open(output_path, 'rb') as file:
                values.frombytes(file.read())
        return list(split(values, json.loads(done.stdout.splitlines()[-1])))

    def compare(self, name, frame):
        path = os.path.join(self.models, name + '.json')
        with open(path, encoding='utf-8') as file:
            described = signature(json.load(file))
        dims = dims_of(next(iter(described['inputs'].values()))['tensorShape'])
        dims[0] = 1
        outputs = [entry['name'] for entry in described['outputs'].values()]
        pixels = paths.picture(paths.STREET, frame, dims[2], dims[1])
        theirs = self.by_tfjs(path, pixels, dims, outputs)
        ours = paths.run_onnx(convert(path, outputs, nchw=True), planes(pixels).tobytes())
        self.assertEqual(len(ours), sum(map(len, theirs)))
        for output, a, b in zip(outputs, split(ours, map(len, theirs)), theirs):
            largest, apart = max(map(abs, b)), max(abs(x - y) for x, y in zip(a, b))
            print('numeric_test: %s frame %d %s: %d values up to %.3g, at most %.2g apart'
                  % (name, frame, output, len(b), largest, apart), flush=True)
            self.assertLessEqual(apart, TOLERANCE * largest, output)

    def test_centernet(self):
        self.compare('centernet', 100)

    def test_blazeface(self):
        self.compare('blazeface', 100)

    def test_facemesh(self):
        self.compare('facemesh', 100)

    def test_movenet(self):
        self.compare('movenet-lightning', 100)


if __name__ == '__main__':
    paths.main()
