"""models/coco.yaml says what is true of the model that set-up makes."""
import hashlib
import os
import re
import unittest

import paths
from protobuf_reader import all_of, one

with open(os.path.join(paths.ROOT, 'models/coco.yaml'), encoding='utf-8') as described:
    TEXT = described.read()


def said(key):
    return re.search(r'^%s: *(.*)$' % key, TEXT, re.MULTILINE).group(1)


class Description(unittest.TestCase):
    def test_eighty_different_labels(self):
        labels = [label.strip() for label in re.search(r'labels: \[(.*)\]', TEXT, re.DOTALL).group(1).split(',')]
        self.assertEqual((len(labels), len(set(labels))), (80, 80))
        self.assertEqual((labels[0], labels[2], labels[79]), ('person', 'car', 'toothbrush'))

    @paths.needs(paths.COCO, 'model')
    def test_size_and_checksum(self):
        with open(paths.COCO, 'rb') as file:
            data = file.read()
        self.assertEqual(len(data), int(said('size')))
        self.assertEqual(hashlib.sha256(data).hexdigest(), said('sha256'))

    @paths.needs(paths.COCO, 'model')
    def test_input_and_output(self):
        with open(paths.COCO, 'rb') as file:
            graph = one(file.read(), 7)
        shapes = [[one(dim, 1) for dim in all_of(one(one(one(value, 2), 1), 2), 1)]
                  for field in (11, 12) for value in all_of(graph, field)]
        self.assertEqual(shapes, [[1, 3, 512, 512], [1, 100, 6]])


if __name__ == '__main__':
    paths.main()
