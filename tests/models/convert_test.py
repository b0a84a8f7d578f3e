"""The converter on small models: what it writes, what it keeps in place, what it refuses."""
import os
import subprocess
import sys
import tempfile
import unittest

import paths
from protobuf_reader import all_of, nodes, one
from tfjs2onnx.convert import convert
from tfjs2onnx.errors import ConversionError
from tfjs_model import ModelBuilder, ints, string, strings


def converted(model, *outputs, nchw=True):
    with tempfile.TemporaryDirectory() as folder:
        return convert(model.save(folder), list(outputs), nchw)


def operations(data):
    return [op for op, _, _ in nodes(data)]


def convolution(model, name, source):
    model.constant(name + '/kernel', [1, 1, 2, 2], [1, 0, 0, 1])
    return model.node('Conv2D', name, source, name + '/kernel', strides=ints(1, 1, 1, 1), padding=string('SAME'))


class Layout(unittest.TestCase):
    def test_pictures_stay_nchw_from_one_convolution_to_the_next(self):
        model = ModelBuilder()
        first = convolution(model, 'a', model.input('x', 1, 4, 4, 2))
        convolution(model, 'b', model.node('Relu', 'r', first))
        self.assertEqual(operations(converted(model, 'b')), ['Conv', 'Relu', 'Conv', 'Transpose', 'Identity'])

    def test_an_nhwc_input_is_transposed_once_for_all_who_need_it(self):
        model = ModelBuilder()
        source = model.input('x', 1, 4, 4, 2)
        model.node('Add', 'sum', convolution(model, 'a', source), convolution(model, 'b', source))
        found = operations(converted(model, 'sum', nchw=False))
        self.assertEqual(found, ['Transpose', 'Conv', 'Conv', 'Add', 'Transpose', 'Identity'])

    def test_equal_constants_are_stored_once(self):
        model = ModelBuilder()
        source = model.input('x', 1, 4, 4, 2)
        model.node('Add', 'sum', convolution(model, 'a', source), convolution(model, 'b', source))
        self.assertEqual(len(all_of(one(converted(model, 'sum'), 7), 5)), 1)


class Outputs(unittest.TestCase):
    def test_only_what_an_output_needs_is_kept(self):
        model = ModelBuilder()
        source = model.input('x', 2)
        model.node('Relu', 'wanted', source)
        model.node('Nonsense', 'unwanted', source)
        self.assertEqual(operations(converted(model, 'wanted')), ['Relu', 'Identity'])

    def test_the_same_model_gives_the_same_bytes(self):
        model = ModelBuilder()
        convolution(model, 'a', model.input('x', 1, 4, 4, 2))
        self.assertEqual(converted(model, 'a'), converted(model, 'a'))


class Refusals(unittest.TestCase):
    def refused(self, model, output, words):
        with self.assertRaisesRegex(ConversionError, words):
            converted(model, output)

    def test_an_unknown_operation_is_named(self):
        model = ModelBuilder()
        model.node('Nonsense', 'a/b', model.input('x', 2))
        self.refused(model, 'a/b', 'a/b: operation Nonsense')

    def test_a_missing_output_is_named(self):
        self.refused(ModelBuilder(), 'nowhere', 'nowhere')

    def test_an_unknown_fused_operation_is_named(self):
        model = ModelBuilder()
        model.constant('k', [1, 1, 1, 1], [1])
        model.node('_FusedConv2D', 'c', model.input('x', 1, 2, 2, 1), 'k', strides=ints(1, 1, 1, 1),
                   padding=string('SAME'), fused_ops=strings('Selu'))
        self.refused(model, 'c', 'Selu')

    def test_layers_models_are_refused(self):
        model = ModelBuilder()
        json = model.json()
        json['format'] = 'layers-model'
        model.json = lambda: json
        self.refused(model, 'x', 'layers-model')


class Command(unittest.TestCase):
    def run_it(self, *arguments):
        return subprocess.run([sys.executable, '-B', '-m', 'tfjs2onnx', *arguments], stderr=subprocess.PIPE, text=True,
                              cwd=os.path.join(paths.ROOT, 'tools'))

    def test_writes_the_file(self):
        model = ModelBuilder()
        model.node('Relu', 'y', model.input('x', 2))
        with tempfile.TemporaryDirectory() as folder:
            out = os.path.join(folder, 'out.onnx')
            self.assertEqual(self.run_it(model.save(folder), out, '--output', 'y').returncode, 0)
            with open(out, 'rb') as file:
                self.assertEqual(file.read(), converted(model, 'y', nchw=False))

    def test_says_what_is_wrong_in_one_line(self):
        done = self.run_it('/nowhere/model.json', '/nowhere/out.onnx')
        self.assertEqual((done.returncode, done.stderr.count('\n')), (1, 1))


if __name__ == '__main__':
    paths.main()
