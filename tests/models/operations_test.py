"""Single operations, converted and run by ONNX Runtime, against values worked out by hand from TensorFlow's rules."""
import tempfile
import unittest

import paths
from tfjs2onnx.convert import convert
from tfjs_model import ModelBuilder, ints, string, strings


def computed(model, output, values, nchw=False):
    with tempfile.TemporaryDirectory() as folder:
        return paths.run_onnx(convert(model.save(folder), [output], nchw), values)


@paths.needs(paths.LIBRARY, 'onnxruntime')
class Operations(unittest.TestCase):
    def setUp(self):
        self.model = ModelBuilder()

    def test_same_padding_puts_the_odd_row_behind(self):
        source = self.model.input('x', 1, 4, 1, 1)
        self.model.constant('k', [3, 1, 1, 1], [1, 10, 100])
        self.model.node('Conv2D', 'c', source, 'k', strides=ints(1, 2, 1, 1), padding=string('SAME'))
        # rows 0..4 with one zero behind: (1,2,3) and (3,4,0)
        self.assertEqual(computed(self.model, 'c', [1, 2, 3, 4]), [321, 43])

    def test_explicit_padding(self):
        source = self.model.input('x', 1, 2, 1, 1)
        self.model.constant('k', [2, 1, 1, 1], [1, 10])
        self.model.node('Conv2D', 'c', source, 'k', strides=ints(1, 1, 1, 1), padding=string('EXPLICIT'),
                        explicit_paddings=ints(0, 0, 1, 0, 0, 0, 0, 0))
        self.assertEqual(computed(self.model, 'c', [1, 2]), [10, 21])

    def test_fused_bias_and_relu6(self):
        source = self.model.input('x', 1, 1, 3, 1)
        self.model.constant('k', [1, 1, 1, 1], [2])
        self.model.constant('b', [1], [1])
        self.model.node('_FusedConv2D', 'c', source, 'k', 'b', strides=ints(1, 1, 1, 1), padding=string('VALID'),
                        fused_ops=strings('BiasAdd', 'Relu6'))
        self.assertEqual(computed(self.model, 'c', [-3, 1, 9]), [0, 3, 6])

    def test_depthwise_convolution_keeps_channels_apart(self):
        source = self.model.input('x', 1, 1, 2, 2)
        self.model.constant('k', [1, 2, 2, 1], [1, 10, 2, 20])
        self.model.node('DepthwiseConv2dNative', 'c', source, 'k', strides=ints(1, 1, 1, 1), padding=string('VALID'))
        self.assertEqual(computed(self.model, 'c', [1, 2, 3, 4]), [1 + 2 * 3, 10 * 2 + 20 * 4])

    def pooled(self):
        """A picture that is NCHW inside by now, with unchanged values."""
        return self.model.node('MaxPool', 'p', self.model.input('x', 1, 1, 2, 2), ksize=ints(1, 1, 1, 1),
                               strides=ints(1, 1, 1, 1), padding=string('VALID'))

    def test_a_constant_for_each_channel_meets_an_nchw_picture(self):
        self.model.constant('scale', [2], [1, 10])
        self.model.node('Mul', 'm', self.pooled(), 'scale')
        self.assertEqual(computed(self.model, 'm', [1, 2, 3, 4]), [1, 20, 3, 40])

    def test_a_mean_over_the_picture_with_and_without_its_axes(self):
        self.model.ints('axes', 1, 2)
        self.model.node('Mean', 'm', self.pooled(), 'axes', keep_dims={'b': True})
        self.assertEqual(computed(self.model, 'm', [1, 2, 3, 4]), [2, 3])
        self.model.node('Mean', 'n', 'p', 'axes')
        self.assertEqual(computed(self.model, 'n', [1, 2, 3, 4]), [2, 3])

    def test_concatenation_along_the_channels(self):
        self.model.ints('axis', -1)
        self.model.constant('more', [1, 1, 2, 1], [8, 9])
        self.model.node('ConcatV2', 'c', self.pooled(), 'more', 'axis')
        self.assertEqual(computed(self.model, 'c', [1, 2, 3, 4]), [1, 2, 8, 3, 4, 9])

    def test_padding_of_an_nchw_picture(self):
        self.model.constant('sides', [4, 2], [0, 0, 0, 0, 1, 0, 0, 1], 'int32')
        self.model.node('Pad', 'q', self.pooled(), 'sides')
        self.assertEqual(computed(self.model, 'q', [1, 2, 3, 4]), [0, 0, 0, 1, 2, 0, 3, 4, 0])

    def test_bilinear_resize_as_old_tensorflow_does_it(self):
        self.model.ints('size', 1, 4)
        self.model.node('ResizeBilinear', 'r', self.pooled(), 'size')
        self.assertEqual(computed(self.model, 'r', [0, 10, 4, 20]), [0, 10, 2, 15, 4, 20, 4, 20])

    def test_a_reshape_sees_tensorflows_order(self):
        self.model.ints('shape', 4)
        self.model.node('Reshape', 'r', self.pooled(), 'shape')
        self.assertEqual(computed(self.model, 'r', [1, 2, 3, 4]), [1, 2, 3, 4])

    def strided(self, begin, end, step, **masks):
        source = self.model.input('x', 2, 3)
        for name, values in (('begin', begin), ('end', end), ('step', step)):
            self.model.ints(name, *values)
        attributes = {key: {'i': str(value)} for key, value in masks.items()}
        self.model.node('StridedSlice', 's', source, 'begin', 'end', 'step', **attributes)
        return computed(self.model, 's', [1, 2, 3, 4, 5, 6])

    def test_slice_of_the_last_column(self):
        self.assertEqual(self.strided([0, -1], [0, 0], [1, 1], begin_mask=1, end_mask=1, shrink_axis_mask=2), [3, 6])

    def test_slice_backwards(self):
        self.assertEqual(self.strided([0, 0], [0, 0], [1, -1], begin_mask=3, end_mask=3), [3, 2, 1, 6, 5, 4])

    def test_top_k_and_gather(self):
        source = self.model.input('x', 4)
        self.model.constant('k', [], [2], 'int32')
        self.model.constant('axis', [], [0], 'int32')
        self.model.node('TopKV2', 't', source, 'k')
        self.model.node('GatherV2', 'g', source, 't:1', 'axis')
        self.assertEqual(computed(self.model, 'g', [3, 9, 1, 7]), [9, 7])

    def test_whole_number_division_and_remainder(self):
        source = self.model.input('x', 2)
        self.model.node('Cast', 'i', source, DstT={'type': 'DT_INT32'})
        self.model.constant('five', [], [5], 'int32')
        for op, expected in (('FloorDiv', [2, 0]), ('FloorMod', [3, 4])):
            self.model.node(op, op, 'i', 'five', T={'type': 'DT_INT32'})
            self.model.node('Cast', op + '/f', op, DstT={'type': 'DT_FLOAT'})
            self.assertEqual(computed(self.model, op + '/f', [13, 4]), expected)

    def test_pack_and_unpack(self):
        source = self.model.input('x', 2, 2)
        self.model.node('Unpack', 'u', source, num={'i': '2'}, axis={'i': '1'})
        self.model.node('Pack', 'p', 'u:1', 'u', axis={'i': '0'})
        self.assertEqual(computed(self.model, 'p', [1, 2, 3, 4]), [2, 4, 1, 3])


if __name__ == '__main__':
    paths.main()
