"""The protobuf writer, against the protobuf rules and an independent reader."""
import struct
import unittest

import paths
from protobuf_reader import all_of, fields, nodes, one
from tfjs2onnx import onnxfile


class Varint(unittest.TestCase):
    def test_known_encodings(self):
        for number, data in ((0, b'\0'), (1, b'\1'), (127, b'\x7f'), (128, b'\x80\1'), (300, b'\xac\2')):
            self.assertEqual(onnxfile.varint(number), data)

    def test_minus_one_takes_ten_bytes(self):
        self.assertEqual(onnxfile.varint(-1), b'\xff' * 9 + b'\1')


class Messages(unittest.TestCase):
    def test_attribute_types_follow_the_values(self):
        for value, field, kind in ((1.5, 2, 1), (3, 3, 2), ('SAME', 4, 3), ([1, 2], 8, 7)):
            data = onnxfile.attribute('a', value)
            self.assertEqual(one(data, 20), kind)
            self.assertTrue(all_of(data, field))
        self.assertEqual(one(onnxfile.attribute('a', 1.5), 2), struct.pack('<f', 1.5))
        self.assertEqual(all_of(onnxfile.attribute('a', [1, 2]), 8), [1, 2])

    def test_tensor(self):
        data = onnxfile.tensor('t', onnxfile.FLOAT, [2, 1], onnxfile.pack(onnxfile.FLOAT, [1.0, -2.0]))
        self.assertEqual(fields(data), [(1, 2), (1, 1), (2, 1), (8, b't'), (9, struct.pack('<2f', 1, -2))])

    def test_an_open_dimension_gets_a_name(self):
        shape = one(one(one(onnxfile.value_info('x', onnxfile.FLOAT, [1, -1]), 2), 1), 2)
        self.assertEqual([fields(dim) for dim in all_of(shape, 1)], [[(1, 1)], [(2, b'd1')]])

    def test_a_model_says_its_version_and_its_nodes(self):
        node = onnxfile.node('Relu', ['x'], ['y'], 'n', {})
        data = onnxfile.model('me', 'g', [node], [], [], [])
        self.assertEqual(one(data, 1), onnxfile.IR_VERSION)
        self.assertEqual(one(one(data, 8), 2), onnxfile.OPSET)
        self.assertEqual(nodes(data), [('Relu', ['x'], ['y'])])


if __name__ == '__main__':
    paths.main()
