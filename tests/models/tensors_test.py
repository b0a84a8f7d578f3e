"""Constants, and weights as they lie in .bin files."""
import os
import struct
import tempfile
import unittest

import paths
from tfjs2onnx import onnxfile
from tfjs2onnx.errors import ConversionError
from tfjs2onnx.tensors import Constant, load_weights


def load(blob, *entries):
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, 'w.bin'), 'wb') as file:
            file.write(blob)
        return load_weights({'weightsManifest': [{'paths': ['w.bin'], 'weights': list(entries)}]}, folder)


class Constants(unittest.TestCase):
    def test_transposed(self):
        turned = Constant(onnxfile.INT32, [2, 3], [1, 2, 3, 4, 5, 6]).transposed((1, 0))
        self.assertEqual((turned.dims, turned.values), ((3, 2), (1, 4, 2, 5, 3, 6)))

    def test_transposed_back_is_the_same(self):
        one = Constant(onnxfile.INT32, [2, 3, 4, 5], range(120))
        self.assertEqual(one.transposed((0, 3, 1, 2)).transposed((0, 2, 3, 1)).values, one.values)


class Weights(unittest.TestCase):
    def test_plain_ones_follow_each_other(self):
        found = load(struct.pack('<2fi', 1.5, 2.5, 7), {'name': 'a', 'shape': [2], 'dtype': 'float32'},
                     {'name': 'b', 'shape': [], 'dtype': 'int32'})
        self.assertEqual((found['a'].values, found['b'].values, found['b'].dims), ((1.5, 2.5), (7,), ()))

    def test_half_floats(self):
        entry = {'name': 'a', 'shape': [2], 'dtype': 'float32', 'quantization': {'dtype': 'float16'}}
        found = load(struct.pack('<2e', 0.5, -3), entry)['a']
        self.assertEqual((found.dtype, found.values), (onnxfile.FLOAT, (0.5, -3.0)))

    def test_bytes_are_scaled(self):
        entry = {'name': 'a', 'shape': [3], 'dtype': 'float32',
                 'quantization': {'dtype': 'uint8', 'scale': 0.5, 'min': -1.0}}
        self.assertEqual(load(bytes([0, 2, 255]), entry)['a'].values, (-1.0, 0.0, 126.5))

    def test_too_little_and_too_much_are_refused(self):
        entry = {'name': 'a', 'shape': [2], 'dtype': 'float32'}
        for size in (7, 9):
            with self.assertRaises(ConversionError):
                load(bytes(size), entry)

    def test_an_unknown_type_is_named(self):
        with self.assertRaisesRegex(ConversionError, 'complex64'):
            load(bytes(8), {'name': 'a', 'shape': [1], 'dtype': 'complex64'})


if __name__ == '__main__':
    paths.main()
